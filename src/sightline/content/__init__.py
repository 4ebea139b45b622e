"""Stored content read back, byte for byte."""
