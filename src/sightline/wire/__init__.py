"""Bytes in: authenticate, limit, unzip, validate, translate to OTLP, hand to the journal."""
