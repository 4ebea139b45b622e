"""Small mutable state: projects, environments, keys, settings, own prices, and who changed them."""
