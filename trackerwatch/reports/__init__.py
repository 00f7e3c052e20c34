"""One-shot results in the formats that people and programs read. One row type, one module a format."""

from trackerwatch.reports.formats import FORMATS, Renderer, Style, renderer

__all__ = ["FORMATS", "Renderer", "Style", "renderer"]
