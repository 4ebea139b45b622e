"""Content parts of all families: what a part is called, or which key it carries, says how it is read."""
