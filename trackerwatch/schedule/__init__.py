"""When may whom be asked again. Pure."""

from trackerwatch.schedule.agenda import Agenda

__all__ = ["Agenda"]
