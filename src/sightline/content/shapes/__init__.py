"""Shapes of messages, one module for each family: of a whole stored value, or of one element of a list."""
