"""Whole segments to rows, inside the engine."""
