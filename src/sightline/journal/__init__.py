"""The durable log: a 200 is sent when these bytes are on disk, and not before."""
