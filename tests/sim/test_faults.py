"""Fault rules: when they strike, how often, and that nonsense is refused."""

from __future__ import annotations

import pytest

from tui_trader.sim.faults import Action, FaultRule, Faults, Moment


def test_rule_strikes_after_its_skips_and_as_often_as_told() -> None:
    faults = Faults([FaultRule(Action.DROP_AFTER, prefix="POST /g-orders", skip=1, times=2)])
    struck = [faults.take(Moment.REQUEST, "POST /g-orders") is not None for _ in range(5)]
    assert struck == [False, True, True, False, False]
    assert not faults.armed
    assert len(faults.fired) == 2


def test_rule_strikes_only_its_moment_and_prefix() -> None:
    faults = Faults()
    rule = faults.add(FaultRule(Action.SKIP, Moment.PUSH, "orderbook_p:BTC", times=0))
    assert faults.take(Moment.PUSH, "trade_p:BTCUSDT") is None
    assert faults.take(Moment.REQUEST, "orderbook_p:BTCUSDT") is None
    assert all(faults.take(Moment.PUSH, "orderbook_p:BTCUSDT") is rule for _ in range(10))
    assert faults.armed
    faults.clear()
    assert faults.take(Moment.PUSH, "orderbook_p:BTCUSDT") is None
    assert len(faults.fired) == 10


def test_first_rule_in_force_wins() -> None:
    first, second = FaultRule(Action.DELAY), FaultRule(Action.LIMIT)
    faults = Faults([first, second])
    assert [faults.take(Moment.REQUEST, "GET /") for _ in range(3)] == [first, second, None]


@pytest.mark.parametrize(
    ("action", "moment"),
    [
        (Action.MUTE, Moment.REQUEST),
        (Action.DROP_BEFORE, Moment.PUSH),
        (Action.REFUSE, Moment.PUSH),
        (Action.ERROR_BEFORE, Moment.PUSH),
        (Action.DELAY, Moment.CONNECT),
    ],
)
def test_action_that_cannot_happen_there_is_refused(action: Action, moment: Moment) -> None:
    with pytest.raises(ValueError, match="cannot happen"):
        FaultRule(action, moment)
