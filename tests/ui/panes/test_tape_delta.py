"""The running sum of a tape is what counting anew would give."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from tui_trader.core.tape import Tape, Trade
from tui_trader.core.types import Side
from tui_trader.ui.panes.tape_delta import LOOK_BACK, RunningDelta


def counted(tape: Tape, since_ns: int, least: Decimal) -> Decimal:
    """Count anew."""
    total = Decimal(0)
    for trade in tape.newest(LOOK_BACK):
        if trade.at_ns < since_ns:
            break
        if trade.qty >= least:
            total += trade.qty * trade.side.sign
    return total


@pytest.mark.parametrize("capacity", [1_000, 300])
def test_it_is_what_counting_anew_gives_through_bursts_pauses_and_snapshots(capacity: int) -> None:
    dice = random.Random(5)
    tape, now, least = Tape(capacity), 0, Decimal(3)
    delta = RunningDelta(None, lambda trade: trade.qty >= least)

    def trades(count: int) -> list[Trade]:
        nonlocal now
        out = []
        for _ in range(count):
            now += dice.randrange(0, 40)
            out.append(Trade(now, dice.choice((Side.BUY, Side.SELL)), Decimal(100), Decimal(dice.randrange(1, 9))))
        return out

    for step in range(600):
        match dice.random():
            case chance if chance < 0.02:
                tape.replace(trades(dice.choice((0, 5, 400, 1_500))))
            case chance if chance < 0.04:
                tape.extend(trades(dice.choice((900, 1_000, 1_700))))
            case chance if chance < 0.1:
                now += 5_000
            case _:
                tape.extend(trades(dice.randrange(0, 30)))
        since = now - 6_000
        assert delta.since(tape, since) == counted(tape, since, least), step
