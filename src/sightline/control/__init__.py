"""Small mutable state: projects, keys, settings. SQLite or Postgres."""
