"""Cancelling everything with a venue's requests alone: which calls, in which order, and what may be called verified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.desk.conftest import ACK, BTC, ETH, NOBODY, UNKNOWN, Wire, linear, open_list, report
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.event import InstrumentsListed
from tui_trader.core.types import InstrumentId, OrderStatus, OrderType
from tui_trader.desk import sweep
from tui_trader.desk.sweep import Sweep, Swept
from tui_trader.venues.base import Outcome, Verdict
from tui_trader.venues.phemex import PHEMEX

LIVE = report()
STOP = report(OrderStatus.ARMED, "tt-stop", type=OrderType.STOP, reduce_only=True)
ENTRY = report(OrderStatus.ARMED, "tt-entry", type=OrderType.STOP)
LISTING = Verdict(Outcome.ACK, events=(InstrumentsListed("phemex", (linear(BTC), linear(ETH))),))


@dataclass
class Rig:
    """A sweep with time and venue in the test's hand."""

    wire: Wire = field(default_factory=Wire)
    clock: ManualClock = field(default_factory=ManualClock)
    slept: list[float] = field(default_factory=list)
    on_sleep: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.wire.on("instruments", LISTING)
        self.wire.on("cancel_all", ACK)
        self.wire.on("cancel", ACK)
        self.wire.on("open_orders", NOBODY)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)
        self.on_sleep()

    async def run(self, *instruments: InstrumentId, fence_s: float = 0.0) -> Swept:
        sweeping = Sweep(dialect=PHEMEX.orders(), send=self.wire, clock=self.clock, sleep=self.sleep)
        return await sweeping.run(instruments or (BTC,), until_ns=self.clock.mono_ns() + round(fence_s * NS))

    def cancels(self) -> list[str]:
        """Return what was asked to be cancelled, in short."""
        return [
            "waiting" if "untriggered=true" in request.target else "active" if request.what == "cancel_all" else request.ref
            for request in self.wire.sent
            if request.what in ("cancel_all", "cancel")
        ]


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_both_calls_are_made_and_a_later_list_verifies(rig: Rig) -> None:
    assert await rig.run(BTC, ETH) == Swept(1, ())
    assert rig.cancels() == ["active", "waiting"] * 2
    assert rig.wire.whats()[0] == "cancel_all", "nothing is asked before the first cancel"
    assert rig.wire.whats().count("instruments") == 1
    assert rig.wire.whats()[-1] == "open_orders"
    assert rig.slept == []


async def test_an_acknowledged_cancel_is_no_proof(rig: Rig) -> None:
    rig.wire.on("open_orders", open_list(LIVE), open_list(LIVE), NOBODY)
    swept = await rig.run()
    assert (swept.rounds, swept.unverified) == (2, ())
    assert rig.cancels() == ["active", "waiting"] * 2
    assert rig.slept == [sweep.FIRST_PAUSE_S]


@pytest.mark.parametrize("answers", [(UNKNOWN, ACK), (ACK, UNKNOWN)])
async def test_when_one_call_fails_the_other_is_made_all_the_same(rig: Rig, answers: tuple[Verdict, ...]) -> None:
    rig.wire.on("cancel_all", *answers)
    assert (await rig.run()).unverified == ()
    assert rig.cancels() == ["active", "waiting"]


async def test_a_stop_that_protects_stays_and_the_entry_beside_it_does_not(rig: Rig) -> None:
    rig.wire.on("open_orders", open_list(STOP, ENTRY, LIVE), open_list(STOP, ENTRY), open_list(STOP))
    swept = await rig.run()
    assert swept == Swept(2, (), stops_kept=1)
    assert rig.cancels() == ["active", "tt-entry", "active"]


async def test_without_the_list_the_call_that_would_take_stops_along_waits(rig: Rig) -> None:
    rig.wire.on("open_orders", UNKNOWN, UNKNOWN, open_list(STOP))
    assert (await rig.run()).stops_kept == 1
    assert rig.cancels() == ["active", "active"]


async def test_silence_is_not_verified_and_ends(rig: Rig) -> None:
    for what in ("instruments", "cancel_all", "open_orders"):
        rig.wire.on(what, UNKNOWN)
    swept = await rig.run(BTC, ETH)
    assert swept.unverified == ("BTCUSDT", "ETHUSDT")
    assert swept.text == UNKNOWN.text
    assert sum(rig.slept) <= sweep.LIMIT_S + sweep.LONGEST_PAUSE_S
    assert max(rig.slept) == sweep.LONGEST_PAUSE_S
    assert set(rig.cancels()) == {"active"}


async def test_only_what_is_left_is_asked_again(rig: Rig) -> None:
    rig.wire.on("open_orders", NOBODY, open_list(LIVE), NOBODY, open_list(LIVE), NOBODY)
    assert (await rig.run(BTC, ETH)).rounds == 2
    asked = [request.ref for request in rig.wire.sent if request.what == "cancel_all"]
    assert asked == ["BTCUSDT", "BTCUSDT", "ETHUSDT", "ETHUSDT", "ETHUSDT", "ETHUSDT"]


async def test_an_order_that_was_on_its_way_is_caught_when_it_can_no_longer_come(rig: Rig) -> None:
    rig.on_sleep = lambda: rig.wire.on("open_orders", open_list(LIVE), open_list(LIVE), NOBODY) if len(rig.slept) == 1 else None
    swept = await rig.run(fence_s=12.0)
    assert rig.slept[0] == 12.0
    assert (swept.rounds, swept.unverified) == (2, ())
    assert rig.cancels() == ["active", "waiting"] * 2


async def test_nothing_is_nothing_to_do(rig: Rig) -> None:
    sweeping = Sweep(dialect=PHEMEX.orders(), send=rig.wire, clock=rig.clock, sleep=rig.sleep)
    assert await sweeping.run((), until_ns=0) == Swept(0, ())
    assert rig.wire.sent == []
