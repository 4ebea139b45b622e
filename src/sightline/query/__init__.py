"""The questions one may ask. No HTTP and no HTML."""
