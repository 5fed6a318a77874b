"""Figures and happenings of one account, as conditions ask for them, each with the reason why it cannot be relied on, if any.

It only reads the Store. Everything that a stale feed, a dead stream or an unfinished reconciliation makes doubtful is named as
such here, so that nobody who asks has to know how old a number may be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from tui_trader.core.alert import Reading, Sight
from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import HUNDRED, ZERO, divide
from tui_trader.core.language.condition import Event, Figure, Happening, Subject
from tui_trader.core.order import Order, average_price
from tui_trader.core.position import Position, liquidation_distance
from tui_trader.core.types import ContractKind, InstrumentId, OrderStatus
from tui_trader.state.cover import cover_of, risk_to_stops
from tui_trader.state.pnl import AccountPnl
from tui_trader.state.store import PositionKey, Store

NAKED_NS = 2 * NS
"""How long a part of a position has to be without a stop to count: between a fill and its stop lies a round trip."""

PAST_NS = 60 * NS
"""An execution from longer before the start of this program is no news, whenever it is told; clocks may differ by less."""

_TOLD = {
    Figure.LAST: "last",
    Figure.INDEX: "index",
    Figure.HIGH: "high_24h",
    Figure.LOW: "low_24h",
    Figure.FUNDING: "funding_rate",
    Figure.INTEREST: "open_interest",
}
"""Figures that the ticker holds as they are."""

_ENDS = {
    OrderStatus.FILLED: Event.DONE,
    OrderStatus.CANCELED: Event.CANCELLED,
    OrderStatus.EXPIRED: Event.CANCELLED,
    OrderStatus.REJECTED: Event.REJECTED,
}


class Readings:
    """What conditions rest on. ``turn`` begins a look: what happened is of the time since the one before."""

    def __init__(
        self, store: Store, clock: Clock, *, reconciled: Callable[[], bool], known: Callable[[str], InstrumentId]
    ) -> None:
        """``known`` returns the instrument that a symbol names exactly; raises KeyError when there is none any more."""
        self._store = store
        self._clock = clock
        self._reconciled = reconciled
        self._known = known
        self._version = -1
        self._ends: dict[str, OrderStatus] = {}
        self._fills: set[tuple[InstrumentId, str]] = set()
        self._primed = False
        self._since_ns = clock.wall_ns()
        self._happened: set[tuple[Event, InstrumentId]] = set()
        self._naked: dict[PositionKey, int] = {}

    # -- looks -----------------------------------------------------------------------------------------------------

    def turn(self, orders: bool) -> None:
        """Begin a look: with ``orders``, note what has happened to own orders since the last one; the first knows no news."""
        blotter = self._store.blotter
        self._happened.clear()
        if not orders:
            self._primed = False
            return
        self._look_at_cover()
        if not self._primed and not self._reconciled():
            return  # what the first reconciliation tells is the past
        if blotter.version == self._version:
            return
        self._version = blotter.version
        ends = {order.client_id: order.status for order in blotter.orders()}
        fills = {(fill.instrument, str(fill.exec_id)): fill for fill in blotter.fills()}
        if self._primed:
            for order in blotter.orders():
                self._note_end(order)
            for key, fill in fills.items():
                if key not in self._fills and fill.at_ns >= self._since_ns - PAST_NS:
                    self._happened.add((Event.FILL, fill.instrument))
        self._primed, self._ends, self._fills = True, dict(ends), set(fills)  # type: ignore[arg-type]

    def _note_end(self, order: Order) -> None:
        before = self._ends.get(order.client_id)
        if before is order.status:
            return
        event = _ENDS.get(order.status)
        if event is not None and (before is not None or order.updated_ns >= self._since_ns):
            self._happened.add((event, order.instrument))
        if order.status is OrderStatus.UNKNOWN:
            self._happened.add((Event.UNKNOWN, order.instrument))

    def _look_at_cover(self) -> None:
        now = self._clock.mono_ns()
        naked = {
            leg.key: self._naked.get(leg.key, now)
            for leg in self._store.open_positions()
            if cover_of(leg, self._store.blotter.working(leg.instrument)).is_naked
        }
        self._naked = naked

    # -- happenings ------------------------------------------------------------------------------------------------

    def happening(self, happening: Happening) -> Sight:
        """Return whether something happened since the last look, or is so now."""
        iid: InstrumentId | None = None
        if happening.symbol:
            try:
                iid = self._known(happening.symbol)
            except KeyError:
                return Sight(False, f"{happening.symbol} is not listed any more")
        if happening.event is Event.OFFLINE:
            return Sight(any(not link.is_live for link in self._store.links.values()))
        if not self._primed:
            return Sight(False, "the account is not known yet")
        if happening.event is Event.NAKED:
            if blind := self._account_doubt():
                return Sight(False, blind)
            now = self._clock.mono_ns()
            old = (key for key, since in self._naked.items() if now - since >= NAKED_NS)
            return Sight(any(iid is None or key[0] == iid for key in old))
        return Sight(any(event is happening.event and (iid is None or iid == where) for event, where in self._happened))

    # -- figures ---------------------------------------------------------------------------------------------------

    def figure(self, subject: Subject) -> Reading:
        """Return a figure as it stands now."""
        figure = subject.figure
        if figure.of_account or (figure is Figure.PNL and not subject.symbol):
            return self._of_account(figure)
        try:
            iid = self._known(subject.symbol)
        except KeyError:
            return Reading(None, f"{subject.symbol} is not listed any more")
        if figure in (Figure.POSITION, Figure.PNL, Figure.LIQUIDATION, Figure.MULTIPLE):
            return self._of_position(figure, iid)
        if figure in (Figure.BID, Figure.ASK, Figure.MID, Figure.SPREAD):
            return self._of_book(figure, iid)
        return self._of_ticker(figure, iid)

    def _of_ticker(self, figure: Figure, iid: InstrumentId) -> Reading:
        store = self._store
        ticker = store.ticker(iid)
        if figure is Figure.MARK:
            return Reading(ticker.mark, "" if store.mark_is_fresh(iid) else "the mark is old")
        if figure is Figure.LAST:
            return self._last(iid)
        if figure is Figure.CHANGE:
            value = ticker.change_pct
        elif figure is Figure.VWAP:
            value = self._vwap(iid)
        else:
            value = getattr(ticker, _TOLD[figure])
            if value is not None and figure is Figure.FUNDING:
                value *= HUNDRED
        return Reading(value, "" if store.ticker_is_fresh(iid) else "the ticker is old")

    def _vwap(self, iid: InstrumentId) -> Decimal | None:
        """Return the average price of the day's trades, from their size and value."""
        ticker, instrument = self._store.ticker(iid), self._store.instruments.get(iid)
        if instrument is None or ticker.turnover_24h is None or ticker.volume_24h is None:
            return None
        inverse = instrument.kind is ContractKind.INVERSE
        return average_price(inverse, instrument.contract_size, ticker.volume_24h, ticker.turnover_24h)

    def _last(self, iid: InstrumentId) -> Reading:
        """Return the last trade: the tape's where it is followed and newer than what the ticker tells."""
        store = self._store
        ticker, tape = store.ticker(iid), store.tapes.get(iid)
        trade = tape.last if tape is not None else None
        heard = store.age_ns("tape", iid)
        live = store.is_live(iid.venue, "public")
        if trade is not None and heard is not None and heard <= store.limits.ticker_ns and trade.at_ns >= ticker.at_ns and live:
            return Reading(trade.price)
        return Reading(ticker.last, "" if store.ticker_is_fresh(iid) else "the last price is old")

    def _of_book(self, figure: Figure, iid: InstrumentId) -> Reading:
        book = self._store.book(iid)
        bid, ask = (book.best_bid, book.best_ask) if book is not None else (None, None)
        blind = "" if self._store.book_is_fresh(iid) else "the book is old or in doubt"
        if figure is Figure.BID or figure is Figure.ASK:
            return Reading(bid if figure is Figure.BID else ask, blind)
        if bid is None or ask is None:
            return Reading(None, blind)
        return Reading(ask - bid if figure is Figure.SPREAD else divide(bid + ask, Decimal(2)), blind)

    def _of_position(self, figure: Figure, iid: InstrumentId) -> Reading:
        store = self._store
        legs = [leg for leg in store.open_positions() if leg.instrument == iid]
        blind = self._account_doubt() or ("DESYNC" if any(key[0] == iid for key in store.desync) else "")
        if figure is Figure.POSITION:
            return Reading(sum((leg.signed_qty for leg in legs), ZERO), blind)
        if not legs:
            return Reading(None, blind or "there is no position")
        blind = blind or ("" if store.mark_is_fresh(iid) else "the mark is old")
        if figure is Figure.LIQUIDATION:
            mark = store.ticker(iid).mark
            distances = [d for leg in legs if mark is not None and (d := liquidation_distance(leg, mark)) is not None]
            return Reading(min(distances, default=None), blind or ("" if distances else "no liquidation price is told"))
        profits = [store.unrealised(leg) for leg in legs]
        if any(profit is None for profit in profits):
            return Reading(None, blind or "the mark is not known")
        profit = sum((one for one in profits if one is not None), ZERO)
        if figure is Figure.PNL:
            return Reading(profit, blind)
        risk = self._risk(legs)
        return Reading(divide(profit, risk) if risk else None, blind or ("" if risk else "no stop bounds the risk"))

    def _risk(self, legs: Iterable[Position]) -> Decimal | None:
        total = ZERO
        for leg in legs:
            instrument = self._store.instruments.get(leg.instrument)
            if instrument is None:
                return None
            risk = risk_to_stops(leg, instrument, cover_of(leg, self._store.blotter.working(leg.instrument)))
            if risk is None or risk <= 0:
                return None
            total += risk
        return total

    def _of_account(self, figure: Figure) -> Reading:
        blind = self._account_doubt()
        pnl = self._store.pnl()
        if pnl is None:
            return Reading(None, blind or "the balance is not known")
        if figure is Figure.AVAILABLE:
            return Reading(pnl.available, blind)
        return Reading(_account_figure(figure, pnl), blind or ("" if pnl.complete else "a mark is old"))

    def _account_doubt(self) -> str:
        """Return why what is believed of the account cannot be relied on; empty when it can."""
        store = self._store
        if not self._reconciled():
            return "the account is being reconciled"
        lanes = {venue for venue, lane in store.links if lane == "private"}
        if not lanes or not all(store.private_is_fresh(venue) for venue in lanes):
            return "the account's stream is silent"
        return ""


def _account_figure(figure: Figure, pnl: AccountPnl) -> Decimal:
    if figure is Figure.PNL:
        return pnl.unrealised
    if figure is Figure.DAY:
        return pnl.day
    return pnl.equity if figure is Figure.EQUITY else pnl.margin_pct
