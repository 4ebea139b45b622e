"""Fixtures of the SDK's tests."""

from tests.sdk.recorded import recorded as recorded
from tests.sdk.recorded import runtime as runtime
