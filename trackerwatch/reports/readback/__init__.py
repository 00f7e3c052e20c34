"""A JSON report read back, checked value by value, so that any format can render it again and any run compare with it."""
