"""What goes into the user's program. Imports nothing of the server."""
