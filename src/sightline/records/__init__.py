"""The vocabulary: frozen typed records that pass between stations. Imports nothing of Sightline."""
