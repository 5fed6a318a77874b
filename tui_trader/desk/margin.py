"""How positions of a contract are backed: leverage, margin mode, position mode, isolated margin, risk limit.

Each is one question to the venue that is never repeated by itself: what is not known to have been done is said so. What stands is
told by position rows, here as everywhere. It must not know orders beyond that some are open.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

from tui_trader.core.decimals import is_multiple, plain
from tui_trader.core.error import CommandError, LinkError, OutcomeUnknown, RefusedError, VenueError
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import InstrumentId, MarginMode, PositionMode, PositionSide
from tui_trader.desk.account import Account
from tui_trader.desk.facts import FactSource
from tui_trader.desk.resolve import Resolver
from tui_trader.state.store import Store
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict
from tui_trader.venues.capabilities import Capabilities


class Margin:
    """Sets what backs the positions of one account."""

    def __init__(
        self,
        *,
        account: Account,
        store: Store,
        dialect: OrderDialect,
        resolver: Resolver,
        facts: FactSource,
        send: Callable[[Request], Awaitable[Verdict]],
        absorb: Callable[[list[Any]], None],
        record: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._account = account
        self._store = store
        self._dialect = dialect
        self._resolver = resolver
        self._facts = facts
        self._send = send
        self._absorb = absorb
        self._record = record

    async def set_leverage(self, iid: InstrumentId, leverage: Decimal, mode: MarginMode | None = None) -> MarginMode:
        """Change leverage and margin mode of an instrument; return the mode, by default the one in force.

        The position row follows by the private stream. Raises CommandError, LinkError or VenueError when nothing was changed, and
        OutcomeUnknown when that is not known.
        """
        most = self._resolver.instrument(iid).max_leverage
        if leverage > most:
            text = f"a leverage of {plain(leverage)} is above {plain(most)}, the most that {iid.symbol} has"
            raise CommandError(text, fix=f"lev {plain(most)} or less")
        mode = mode or self._facts.gather(iid).margin_mode
        hedged = self._facts.mode(iid) is PositionMode.HEDGED
        request = self._dialect.set_leverage(iid, leverage, cross=mode is MarginMode.CROSS, hedged=hedged)
        await self._set(request, iid, "leverage", {"leverage": plain(leverage), "mode": mode})
        return mode

    async def set_position_mode(self, iid: InstrumentId, mode: PositionMode) -> None:
        """Switch an instrument between one position and two legs; raises as ``set_leverage``.

        The venue wants neither a position nor an order there, so that much is looked at before anything is sent.
        """
        instrument, able = self._able(iid)
        if not able.hedge:
            raise RefusedError(f"{iid.symbol} has one position only: there is no position mode to switch")
        if any(position.instrument == iid for position in self._store.open_positions()):
            raise RefusedError(f"the position mode of {iid.symbol} can be switched only without a position: close it first")
        if self._store.blotter.working(iid):
            raise RefusedError(f"the position mode of {iid.symbol} can be switched only without open orders: cancel them first")
        request = self._dialect.set_position_mode(iid, hedged=mode is PositionMode.HEDGED)
        await self._set(request, iid, "position mode", {"position_mode": mode})
        await self._look(instrument)

    async def assign_margin(self, iid: InstrumentId, margin: Decimal, side: PositionSide | None = None) -> None:
        """Set the margin of an isolated position, in its settle currency; raises as ``set_leverage``.

        ``side`` is needed where a long and a short leg are open.
        """
        instrument, able = self._able(iid)
        if not able.assign_margin:
            raise RefusedError(f"the margin of a {iid.symbol} position cannot be set here")
        legs = [position for position in self._store.open_positions() if position.instrument == iid]
        if side is not None:
            legs = [position for position in legs if position.position_side is side]
        if not legs:
            raise RefusedError(f"there is no {iid.symbol} position to give margin to")
        if len(legs) > 1:
            raise CommandError(f"{iid.symbol} has a long and a short leg: which of them?", fix="long or short")
        [leg] = legs
        if leg.margin_mode is not MarginMode.ISOLATED:
            raise RefusedError(
                f"the {iid.symbol} position is backed by the whole account: only an isolated one has margin of its own"
            )
        if margin <= 0 or not _fits(margin, instrument.value_scale):
            places = instrument.value_scale
            text = f"{plain(margin)} {instrument.settle} is not a margin: an amount above zero, of at most {places} decimals"
            raise CommandError(text)
        request = self._dialect.assign_margin(instrument, leg.position_side, margin)
        await self._set(request, iid, "margin", {"margin": plain(margin), "side": leg.position_side})
        await self._look(instrument)

    async def set_risk_limit(self, iid: InstrumentId, limit: Decimal) -> None:
        """Set how large a position may grow, in its settle currency; raises as ``set_leverage``."""
        instrument, able = self._able(iid)
        if not able.risk_limit:
            raise RefusedError(f"the risk limit of {iid.symbol} follows its leverage: there is none to set")
        if limit <= 0 or not _fits(limit, instrument.value_scale):
            raise CommandError(f"{plain(limit)} {instrument.settle} is not a risk limit")
        listed = [tier.notional for tier in instrument.tiers]
        if listed and limit not in listed:
            steps = ", ".join(plain(step) for step in listed[:12])
            raise CommandError(f"{iid.symbol} has no risk limit of {plain(limit)} {instrument.settle}", fix=f"one of {steps}")
        request = self._dialect.set_risk_limit(instrument, limit)
        await self._set(request, iid, "risk limit", {"risk_limit": plain(limit)})

    # -- inside ----------------------------------------------------------------------------------------------------

    def _able(self, iid: InstrumentId) -> tuple[Instrument, Capabilities]:
        instrument = self._resolver.instrument(iid)
        return instrument, self._account.venue.capabilities_of(instrument)

    async def _set(self, request: Request, iid: InstrumentId, what: str, terms: Mapping[str, Any]) -> None:
        """Write down what is asked, ask it once, and say what came of it; raises when it is not known to be done."""
        self._record("setting", {"symbol": iid.symbol, **terms})
        step: Request | None = request
        while step is not None:  # some take several: what it is about is asked first, or each side is set by itself
            step = await self._take(step, iid, what)

    async def _take(self, request: Request, iid: InstrumentId, what: str) -> Request | None:
        """Take one step of a setting; return the next one, None when that was the last."""
        verdict = await self._send(request)
        self._record("outcome", {"ref": iid.symbol, "what": request.what, "outcome": verdict.outcome, "text": verdict.text})
        match verdict.outcome:
            case Outcome.ACK:
                self._absorb(list(verdict.events))
                return verdict.next_page
            case Outcome.UNKNOWN if request.kind.is_write:
                raise OutcomeUnknown(f"whether the {what} was changed is not known: {verdict.text}", code=verdict.code)
            case Outcome.NOT_SENT | Outcome.UNKNOWN:
                raise LinkError(f"{what} was not changed: {verdict.text}")
            case _:
                raise VenueError(f"{what} was not changed: {verdict.text or verdict.outcome}", code=verdict.code)

    async def _look(self, instrument: Instrument) -> None:
        """Ask for the positions of a currency, for not every setting is told by the stream; unanswered, nothing is concluded."""
        verdict = await self._send(self._dialect.positions(instrument.settle))
        if verdict.outcome is Outcome.ACK:
            self._absorb(list(verdict.events))


def _fits(amount: Decimal, places: int) -> bool:
    """Whether an amount has no more decimals than its currency is kept to."""
    return is_multiple(amount, Decimal(1).scaleb(-places))
