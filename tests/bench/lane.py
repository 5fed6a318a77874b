"""A live public lane in this process: the real Session and Store against a feeder, and the CPU it takes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from tui_trader.core.clock import SystemClock
from tui_trader.core.event import Event, InstrumentsListed
from tui_trader.core.instrument import Instrument
from tui_trader.net import tasks
from tui_trader.net.session import Session
from tui_trader.state.store import Store
from tui_trader.venues.base import Channel, Lane, Subscription
from tui_trader.venues.phemex.feed import PhemexFeed

from .feeder import CA_FILE, DEPTH, Feeder
from .measure import Disagreement
from .stream import instrument

WARM_S = 0.5
FRAME_S = 0.05
"""The best levels of the first book are read this often, as a screen would."""


async def cpu_per_s(feeder: Feeder, gate_ms: int, seconds: float) -> tuple[float, float]:
    """Return CPU seconds per second and messages per second of receiving a feeder's stream for ``seconds``.

    Raises Disagreement unless every book ends as the feeder says it must.
    """
    clock = SystemClock()
    store = Store(clock)
    contracts = [instrument(symbol) for symbol in feeder.tops]
    store.apply(InstrumentsListed("phemex", contracts))
    dialect = PhemexFeed(Lane.PUBLIC)
    dialect.list_instruments(contracts)

    def deliver(events: list[Event]) -> None:
        store.mono_ns = clock.mono_ns()
        for event in events:
            store.apply(event)
        store.heard("phemex", "public")

    session = Session(
        dialect,
        f"wss://127.0.0.1:{feeder.port}/",
        venue="phemex",
        hosts={"127.0.0.1"},
        clock=clock,
        rng=random.Random(0),
        on_events=deliver,
        gate_ms=gate_ms,
        ca_file=str(CA_FILE),
    )
    session.set_subscriptions([Subscription(Channel.BOOK, contracts[0].id)])
    failures: list[BaseException] = []
    group = tasks.TaskSet(lambda name, error: failures.append(error))
    group.spawn("session", session.run())
    try:
        await _until(lambda: session.traffic.frames > feeder.rate * WARM_S, 15.0, failures)
        frames, cpu, start = session.traffic.frames, time.process_time(), time.monotonic()
        while (elapsed := time.monotonic() - start) < seconds:
            await asyncio.sleep(FRAME_S)
            store.books[contracts[0].id].bids(DEPTH)
            store.books[contracts[0].id].asks(DEPTH)
            store.take_dirty()
        cpu, frames = time.process_time() - cpu, session.traffic.frames - frames
        try:
            await _until(lambda: all(_agrees(store, contract, feeder) for contract in contracts), 30.0, failures)
        except TimeoutError:
            raise Disagreement("the books do not end as the stream's own") from None
    finally:
        await session.close()
        await group.close()
    return cpu / elapsed, frames / elapsed


def _agrees(store: Store, contract: Instrument, feeder: Feeder) -> bool:
    book = store.books.get(contract.id)
    return book is not None and book.is_live and (book.bids(DEPTH), book.asks(DEPTH)) == feeder.tops[contract.symbol]


async def _until(true: Callable[[], bool], seconds: float, failures: list[BaseException]) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if failures:
            raise failures[0]
        if time.monotonic() > deadline:
            raise TimeoutError("the feeder's stream did not arrive in time")
        await asyncio.sleep(0.02)
