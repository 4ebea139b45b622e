"""Running Sightline: configuration, logs, measures, health, doctor, self tracing, backup."""
