"""The one expression language of command line, TUI and policies: `name~debian & seeders<3 | !(host=x)`. Pure."""

from trackerwatch.filters.expression import Filter, parse_filter
from trackerwatch.filters.mistakes import FilterError

__all__ = ["Filter", "FilterError", "parse_filter"]
