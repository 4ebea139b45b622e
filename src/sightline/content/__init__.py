"""Stored content read back: the texts byte for byte, and what they say as messages of typed parts."""
