"""The digest under test on a real engine."""
