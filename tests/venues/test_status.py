"""What an answer proves by its status alone, and how long it asks to wait: never more than is said, never for ever."""

from __future__ import annotations

import pytest

from tui_trader.venues.base import Outcome
from tui_trader.venues.status import MAX_WAIT_S, by_status, code_of, wait_of


@pytest.mark.parametrize("status", [100, 199, 300, 301, 302, 399, 408, 500, 502, 503, 504, 599, 999, 0, -1])
def test_a_status_of_a_server_or_of_a_middle_proves_nothing(status: int) -> None:
    verdict = by_status(status, "too many", 7.0)
    assert verdict is not None
    assert (verdict.outcome, verdict.code, verdict.retry_after_s) == (Outcome.UNKNOWN, str(status), 0.0)
    assert str(status) in verdict.text


def test_too_many_requests_is_proof_that_nothing_was_done() -> None:
    verdict = by_status(429, "too many", 7.0)
    assert verdict is not None
    assert (verdict.outcome, verdict.text, verdict.retry_after_s) == (Outcome.LIMITED, "too many", 7.0)


@pytest.mark.parametrize("status", [200, 201, 204, 299, 400, 401, 403, 404, 409, 422, 428, 430, 499])
def test_of_others_the_body_decides(status: int) -> None:
    assert by_status(status, "too many", 7.0) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1", 1), (" 2.5 ", 2.5), ("1e1", 10), ("+3", 3), ("3600", MAX_WAIT_S), ("9" * 20, MAX_WAIT_S), ("", 0), ("-1", 0)]
    + [(text, 0) for text in ("nan", "inf", "1e400", "１", "Wed, 21 Oct 2026 07:28:00 GMT", "1_0", "0x10", "9" * 400)],
)
def test_a_wait_is_believed_up_to_a_minute(text: str, seconds: float) -> None:
    assert wait_of(text) == seconds


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (11001, 11001),
        ("11001", 11001),
        ("0", 0),
        (0, 0),
        (-1, -1),
        (True, None),
        (None, None),
        ("", None),
        ("１", None),
        ("0x1", None),
        ("1e3", None),
        (" 1", None),
        (1.0, None),
        (10**30, None),
        ("9" * 5000, None),
    ],
)
def test_code_of(raw: object, code: int | None) -> None:
    assert code_of(raw) == code
