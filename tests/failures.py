"""Failures that a supervisor caught: it keeps the program going for a trader, not for a test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class _Crashes(logging.Handler):
    """Notes what is recorded."""

    def __init__(self) -> None:
        super().__init__(logging.CRITICAL)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())


@contextmanager
def none_unseen(*, wanted: bool = False) -> Iterator[None]:
    """Raise AssertionError at the end when a supervisor caught something within, unless that is ``wanted``."""
    crashes, log = _Crashes(), logging.getLogger("tui_trader.crash")
    log.addHandler(crashes)
    try:
        yield
    finally:
        log.removeHandler(crashes)
    assert wanted or not crashes.seen, "\n".join(crashes.seen)
