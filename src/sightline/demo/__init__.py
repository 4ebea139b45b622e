"""The demo: a plausible company whose AI services send their telemetry, in days of history and then live."""
