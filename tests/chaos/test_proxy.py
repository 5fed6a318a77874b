"""The words of the proxy, and that a fault which is never struck does not pass for a row that was survived."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.cases import Case
from tests.chaos.play import play
from tests.chaos.proxy import Fault


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("POST /g-orders: lost", Fault("POST /g-orders", "lost")),
        ("POST /g-orders: run, reset", Fault("POST /g-orders", "run", "reset")),
        ("POST /g-orders: 503, run in 8", Fault("POST /g-orders", "503", "run in 8")),
        ("GET /x #2 x*: hold 12", Fault("GET /x", "hold 12", skip=2, times=0)),
        ('GET /x: answer 200 {"a":1, "b":2}', Fault("GET /x", 'answer 200 {"a":1, "b":2}')),
        ("GET /x: 429 Retry-After: Sat, 21 Nov 2026", Fault("GET /x", "429 Retry-After: Sat, 21 Nov 2026")),
        ("in orders_p x3: twice", Fault("in orders_p", "twice", times=3)),
        ("connect: swallow", Fault("connect", "swallow")),
    ],
)
def test_words(word: str, fault: Fault) -> None:
    assert Fault.parse(word) == fault


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="not a fault"):
        Fault.parse("lost")


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (Case(0, "x", steps=("submit a",), sights=("a live",), faults=("DELETE /g-orders/cancel: lost",)), "never struck"),
        (Case(0, "x", steps=("submit a", "within 0.5 a filled"), sights=("a live",)), "not in time: a filled"),
        (Case(0, "x", steps=("submit a",), sights=("a alive",)), "not in time: a alive"),
        (Case(0, "x", steps=("submit a",), sights=("a unknown first",), faults=("POST /g-orders: sing",)), "broke"),
    ],
)
async def test_a_row_that_does_not_do_what_it_says_fails(
    case: Case, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.chaos.words.PATIENCE_S", 1.0)
    assert why in str(await play(case, tmp_path))
