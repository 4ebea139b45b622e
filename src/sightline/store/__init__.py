"""The column store: ClickHouse, embedded (chDB) or remote, behind one interface."""
