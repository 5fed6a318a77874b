"""The care that nobody asks for: once in a while, look whether what is believed is still so.

Ages, a stopped clock, a moved clock, the day's loss, positions that do not add up, a product list that grew old. What it finds
it says, and it ends entries where they would rest on something untrue; it never repairs a number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import nearest_to, plain
from tui_trader.core.error import LinkError, WireError
from tui_trader.core.event import Event
from tui_trader.core.facts import TradingState
from tui_trader.core.risk import Limits
from tui_trader.core.types import InstrumentId, Severity, Taking
from tui_trader.desk.controls import Controls
from tui_trader.desk.feeds import Feeds
from tui_trader.desk.hearing import Hearing
from tui_trader.desk.inquiry import Inquiry
from tui_trader.desk.sync import Sync
from tui_trader.net.rest import RestClient
from tui_trader.state import topic
from tui_trader.state.store import Store
from tui_trader.state.tally import Difference, Leg
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict
from tui_trader.venues.besides import Stating

BEAT_S = 0.25
"""How often the age of books is looked at: a stale one is marked at most this late."""

PAUSE_NS = 2 * NS
"""A beat that comes this late was held up: the machine slept or the program was stopped."""

WARM_NS = 10 * NS
"""A REST connection unused for this long is kept open by asking for the time."""

MAX_SKEW_NS = 2 * NS
"""Clocks may disagree by this much: the expiry of a request, and with it what absence proves, rests on them."""

SYNC_CLOCK_NS = 300 * NS
"""How old a measurement of the venue's clock may grow."""

SYNC_AGAIN_NS = 10 * NS
"""After a measurement that failed, or that left the clocks apart."""

RELIST_NS = 1_800 * NS
"""How old the product list may grow: ticks, lots and listings change."""

STATE_NS, STATE_AGAIN_NS = 30 * NS, 5 * NS
"""How old the venue's own word on what it takes may grow, while it takes everything and while it does not."""

DESYNC_NS = 5 * NS
"""Executions and positions may be told this far apart before they count as contradicting each other."""


class Rounds:
    """Walks around one account, four times a second."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        controls: Controls,
        limits: Limits,
        feeds: Feeds,
        inquiry: Inquiry,
        hearing: Hearing,
        sync: Sync,
        rest: RestClient,
        dialect: OrderDialect,
        send: Callable[[Request], Awaitable[Verdict]],
        absorb: Callable[[list[Event]], None],
        relisted: Callable[[set[InstrumentId]], None],
        protect: Callable[[], None],
        mend: Callable[[], None],
        record: Callable[[str, dict[str, str]], None],
        say: Callable[[str, Severity], None],
    ) -> None:
        """``relisted`` is told which contracts changed in a new product list; ``protect`` looks after brackets; ``mend`` tries
        what failed before, cheaply."""
        self._store = store
        self._clock = clock
        self._controls = controls
        self._limits = limits
        self._feeds = feeds
        self._inquiry = inquiry
        self._hearing = hearing
        self._sync = sync
        self._rest = rest
        self._dialect = dialect
        self._send = send
        self._absorb = absorb
        self._relisted = relisted
        self._protect = protect
        self._mend = mend
        self._record = record
        self._say = say
        now = clock.mono_ns()
        self._beat_ns = now
        self._clock_read_ns = now
        self._listed_ns = now
        self._stated_ns = now
        self._skewed = False
        self._apart: dict[Leg, int] = {}
        """Since when executions and positions contradict each other, by monotonic time."""

    async def run(self) -> None:
        """Go round until cancelled."""
        beat = 0
        while True:
            await asyncio.sleep(BEAT_S)
            beat += 1
            self._wake()
            self._feeds.mark_stale()
            self._protect()
            if beat % round(1 / BEAT_S):
                continue
            self._store.sample_equity()
            self._controls.remember("opening", self._store.opening.document())
            await asyncio.sleep(0)  # a round in one piece would keep a key waiting
            self._hearing.look()
            self._inquiry.tick()
            self._mend()
            await asyncio.sleep(0)
            self._look_at_the_day()
            self._look_at_positions()
            self._store.touch(topic.CLOCK, topic.LINKS)
            await asyncio.sleep(0)
            await self._look_at_the_clock()
            await self._look_at_products()
            await self._look_at_the_venue()
            if self._clock.mono_ns() - self._rest.last_used_ns > WARM_NS:
                await self._rest.warm(self._dialect)

    def doubt(self, iid: InstrumentId) -> str:
        """Return why no entry may rest on what is believed now, in one sentence; empty when one may."""
        now = self._clock.mono_ns()
        if now - self._beat_ns > PAUSE_NS:
            return (
                f"the program stood still for {(now - self._beat_ns) / NS:.1f} s: everything is being checked; exits still work"
            )
        if abs(self._skew_ns()) > MAX_SKEW_NS:
            return f"{self._skew_words()}; exits still work"
        if any(leg[0] == iid for leg in self._store.desync):
            return f"DESYNC: the {iid.symbol} position is not what its executions add up to; :reconcile takes the venue's"
        return ""

    # -- inside ----------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        """Notice that time has passed unseen: the connections may be dead and every number is as old as the pause."""
        now, before = self._clock.mono_ns(), self._beat_ns
        self._beat_ns = now
        if now - before <= PAUSE_NS:
            return
        self._say(_stood_still(now - before), Severity.ALARM)
        self._feeds.doubt("the program stood still")
        self._sync.again()

    def _look_at_the_day(self) -> None:
        """End entries for good when the day has cost what it may cost at most."""
        most = self._limits.day_loss
        if most is None or self._controls.state is TradingState.HALTED:
            return
        for currency in self._store.currencies():
            pnl, worth = self._store.pnl(currency), self._store.dollars(currency)
            if pnl is None or worth is None or not pnl.complete or pnl.day * worth > -most:
                continue
            lost = f"{plain(nearest_to(-pnl.day * worth, Decimal('0.01')))} {currency if worth == 1 else 'USD'}"
            if worth != 1:
                lost += f" ({plain(-pnl.day)} {currency})"
            self._controls.halt(f"the day's loss of {lost} has reached the limit of {plain(most)}")

    def _look_at_positions(self) -> None:
        """Hold what executions add up to against what the venue tells; while it is being reconciled nothing is compared."""
        found: list[Difference] = self._store.tally.differences(self._store.positions.values()) if self._sync.reconciled else []
        now, before = self._clock.mono_ns(), self._store.desync
        self._apart = {difference.leg: self._apart.get(difference.leg, now) for difference in found}
        after = frozenset(leg for leg, since_ns in self._apart.items() if now - since_ns > DESYNC_NS)
        for difference in found:
            if difference.leg in after - before:
                iid, side = difference.leg
                by_fills, told = plain(difference.by_fills), plain(difference.told)
                self._say(
                    f"DESYNC {iid.symbol} {side}: {by_fills} by executions, {told} told by the venue, which is shown",
                    Severity.ALARM,
                )
                self._record("desync", {"symbol": iid.symbol, "side": side, "by_fills": by_fills, "told": told})
        for iid, side in before - after:
            self._say(f"{iid.symbol} {side}: executions and position agree again", Severity.NOTE)
        if before != after:
            self._store.desync = after
            self._store.touch(topic.POSITIONS, topic.STAGE)

    async def _look_at_the_clock(self) -> None:
        """Measure the venue's clock again when the measurement is old, or when this machine's has moved against it."""
        age = self._clock.mono_ns() - self._clock_read_ns
        apart = abs(self._skew_ns()) > MAX_SKEW_NS
        if age > (SYNC_AGAIN_NS if apart else SYNC_CLOCK_NS):
            self._clock_read_ns = self._clock.mono_ns()
            try:
                await self._rest.sync_clock(self._dialect)
            except (LinkError, WireError) as error:
                self._say(error.message, Severity.WARNING)
            apart = abs(self._skew_ns()) > MAX_SKEW_NS
        if apart != self._skewed:
            self._skewed = apart
            words = self._skew_words() if apart else "this machine's clock and the venue's agree again"
            self._say(words, Severity.ALARM if apart else Severity.NOTE)
            self._store.touch(topic.STAGE)

    async def _look_at_products(self) -> None:
        """Read the product list again now and then: a contract may have been delisted, or its tick changed."""
        if self._clock.mono_ns() - self._listed_ns < RELIST_NS:
            return
        self._listed_ns = self._clock.mono_ns()
        before = dict(self._store.instruments)
        verdict = await self._send(self._dialect.instruments())
        if verdict.outcome is not Outcome.ACK:
            self._say(f"the product list could not be read again: {verdict.text or verdict.outcome}", Severity.WARNING)
            return
        self._absorb(list(verdict.events))
        now = self._store.instruments
        changed = {iid for iid, instrument in before.items() if now.get(iid) != instrument}
        if changed or len(now) != len(before):
            self._relisted(changed)

    async def _look_at_the_venue(self) -> None:
        """Ask what the venue takes, where it tells; say when that changes. An answer that does not come changes nothing."""
        if not isinstance(self._dialect, Stating):
            return
        told = next(iter(self._store.takings.values()), None)
        usual = told is None or told.taking is Taking.ALL
        if self._clock.mono_ns() - self._stated_ns < (STATE_NS if usual else STATE_AGAIN_NS):
            return
        self._stated_ns = self._clock.mono_ns()
        verdict = await self._send(self._dialect.system_state())
        if verdict.outcome is Outcome.ACK:
            self._absorb(list(verdict.events))

    def _skew_ns(self) -> int:
        """Return by how much the venue's clock is ahead of this machine's, nanoseconds; 0 before it was measured."""
        return self._rest.server_ns() - self._clock.wall_ns() if self._rest.skew is not None else 0

    def _skew_words(self) -> str:
        skew = self._skew_ns()
        where = "behind" if skew > 0 else "ahead of"
        return f"this machine's clock is {abs(skew) / NS:.1f} s {where} the venue's: set it (timedatectl set-ntp true)"


def _stood_still(ns: int) -> str:
    return f"the program stood still for {ns / NS:.1f} s: everything is being checked"
