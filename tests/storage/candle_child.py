"""A child that writes trades of several symbols into a candle store and says what it has flushed, until it is killed.

``python -m tests.storage.candle_child PATH SEED``: one line for each flush that ``write`` said is kept: the last second of it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.second import Second
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, Side
from tui_trader.storage.candles import CandleStore, Heard

BTC = InstrumentId("phemex", "BTCUSDT")
SERIES = (BTC, InstrumentId("phemex", "ETHUSDT"), InstrumentId("mexc", "BTC_USDT"), InstrumentId("paradex", "BTC-USD-PERP"))
"""The first has the trades of the seed, each other one those of the seed after."""

T0 = 1_700_000_000
PER_SECOND = 40


def trades_of(seed: int) -> Iterator[list[Trade]]:
    """Yield the trades of one second after the other, the same for the same seed."""
    rng = random.Random(seed)
    at = T0
    while True:
        stamps = sorted(rng.randrange(NS) for _ in range(PER_SECOND))
        yield [
            Trade(
                at * NS + ns, Side.BUY, Decimal(rng.randrange(900_000, 1_100_000)) / 10, Decimal(rng.randrange(1, 5_000)) / 1000
            )
            for ns in stamps
        ]
        at += 1


def second_of(trades: list[Trade]) -> Second:
    """Return the second that trades of one second make."""
    second = Second(trades[0])
    for trade in trades[1:]:
        second.add(trade)
    return second


def main(path: Path, seed: int) -> None:
    """Write for ever."""
    store = CandleStore(path, ManualClock((T0 + 10_000) * NS))
    assert store.open(), store.notices
    streams = [trades_of(seed + number) for number in range(len(SERIES))]
    for parts in zip(*streams, strict=True):
        seconds = [second_of(trades) for trades in parts]
        start = seconds[0].start_s
        batch = [Heard(iid, [second], [(start, start + 1)]) for iid, second in zip(SERIES, seconds, strict=True)]
        if store.write(batch):
            print(start, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
