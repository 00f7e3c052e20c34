"""The one expression language of command line, TUI and policies: `name~debian & seeders<3 | !(host=x)`. Pure."""

from trackerwatch.filters.expression import EventFilter, Filter, mistakes, parse_event_filter, parse_filter
from trackerwatch.filters.mistakes import FilterError

__all__ = ["EventFilter", "Filter", "FilterError", "mistakes", "parse_event_filter", "parse_filter"]
