"""Forward-only steps of the control database's schema, applied at start by `migration.py`."""
