"""A key goes first, for a moment, and not for ever."""

from __future__ import annotations

from tui_trader.core.turn import HOLD_S, REST_S, Turn


def test_a_claim_ends_when_it_is_released_or_after_a_moment() -> None:
    turn = Turn()
    assert not turn.taken(1.0)
    turn.claim(1.0)
    assert turn.taken(1.0 + HOLD_S / 2)
    turn.release()
    assert not turn.taken(1.0 + HOLD_S / 2)
    turn.claim(2.0)
    assert turn.taken(2.0)
    assert not turn.taken(2.0 + HOLD_S)
    assert not turn.claimed


def test_keys_that_are_never_shown_leave_the_others_half_of_the_time() -> None:
    turn = Turn()
    free = 0
    for step in range(10_000):
        now = step / 10_000
        turn.claim(now)
        free += not turn.taken(now)
    assert free / 10_000 > 0.9 * REST_S / (HOLD_S + REST_S)


def test_after_a_release_the_next_key_goes_first_again() -> None:
    turn = Turn()
    turn.claim(1.0)
    turn.release()
    turn.claim(1.0001)
    assert turn.taken(1.0001)
