"""What was taken and is not used goes back to the system, where the C library can be told so."""

from __future__ import annotations

import ctypes
import os
import sys

import pytest

from tui_trader.core.heap import give_back


def resident_mb() -> float:
    with open("/proc/self/statm") as stat:
        return int(stat.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="this C library has no malloc_trim"
)
def test_holes_go_back() -> None:
    blocks = [bytes(1_000) for _ in range(40_000)]
    kept = blocks[::200]
    del blocks
    before = resident_mb()
    assert give_back()
    assert resident_mb() < before - 20
    assert len(kept) == 200


def test_a_library_that_cannot_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not give_back()
