"""What can be wrong with a file of telemetry as a whole."""


class FileError(Exception):
    """A file that cannot be read at all; the message names it and says what was expected."""
