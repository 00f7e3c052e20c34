"""Events as lines, while a watch runs."""
