"""What the wire refuses: the reason is one sentence a sender can act on, the status one of HTTP's."""

from __future__ import annotations


class Refused(Exception):
    """Base of everything the wire refuses on purpose. `status` is HTTP's; gRPC maps it."""

    status = 400
    reason = "malformed"
    """The label of the dropped-items measure."""


class BadRequest(Refused):
    """The body is not what its headers and its path say; sending it again cannot help."""


class TooLarge(Refused):
    """The body is larger than `http.max_body`, packed or unpacked."""

    status = 413
    reason = "too_large"


class Unsupported(Refused):
    """A content type or content encoding that is not understood."""

    status = 415
    reason = "unsupported"


class TooSlow(Refused):
    """The body did not arrive in time."""

    status = 408
    reason = "too_slow"


class Busy(Refused):
    """Too many bytes are being received at this moment; the sender should try again."""

    status = 503
    reason = "busy"
    retry_after = 1
