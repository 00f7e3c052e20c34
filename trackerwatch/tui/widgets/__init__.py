"""Widgets that draw lines; what the lines say is made elsewhere."""
