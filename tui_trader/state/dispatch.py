"""What was really sent: one line for every request that could change something, what its answer said, and how long it took."""

from __future__ import annotations

from typing import NamedTuple


class Dispatch(NamedTuple):
    """One request and its end."""

    at_ns: int
    """When the end was known, UTC nanoseconds."""
    what: str
    """Its use: ``place``, ``amend``, ``cancel`` …"""
    ref: str
    """The client id or the symbol it was about; empty for neither."""
    outcome: str
    """Class of the answer: ``ack``, ``rejected``, ``unknown`` …"""
    rtt_ns: int
    text: str = ""
    """What the venue said, in a sentence; empty when it only agreed."""
