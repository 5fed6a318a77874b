"""What is known of the account and the market at this moment, gathered for one ticket to be judged by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tui_trader.core.bracket import Bracket
from tui_trader.core.clock import Clock
from tui_trader.core.decimals import ZERO
from tui_trader.core.facts import Facts, TradingState, quote_value
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.preview import Preview, preview
from tui_trader.core.risk import Limits, Objection, check, reduces
from tui_trader.core.types import InstrumentId, MarginMode, OrderStatus, OrderType, PositionMode
from tui_trader.state.store import PositionKey, Store


@dataclass(frozen=True, slots=True)
class Judgement:
    """A ticket against the facts of one moment."""

    ticket: OrderTicket
    facts: Facts
    preview: Preview | None
    """None while there is no price to compute consequences at."""
    objections: tuple[Objection, ...]
    reduces: bool
    """Whether the ticket can only shrink a position."""
    bracket: Bracket | None = None
    """The exits that go with an entry; its ticket then carries them all, as they were judged."""

    @property
    def hard(self) -> list[Objection]:
        """The objections that stop the order."""
        return [objection for objection in self.objections if objection.hard]


class FactSource:
    """Gathers facts from the Store and judges tickets by them."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        limits: Limits,
        state: Callable[[], TradingState],
        recent: Iterable[tuple[int, OrderTicket]],
        widened: Callable[[Order], Order] = lambda order: order,
        pace: Callable[[int], str] = lambda beside: "",
    ) -> None:
        """``widened`` returns an order as large as it may have become by a change whose outcome is not known; ``pace`` why one
        more order would leave on worse terms, beside so many that leave with it."""
        self._pace = pace
        self._store = store
        self._clock = clock
        self.limits = limits
        self._state = state
        self._recent = recent
        self._widened = widened

    def mode(self, iid: InstrumentId) -> PositionMode:
        """Return the position mode of an instrument as its rows tell it, or the account's; one-way until one says otherwise."""
        for (instrument, _), position in self._store.positions.items():
            if instrument == iid:
                return position.mode
        return self._store.modes.get(iid.venue, PositionMode.ONE_WAY)

    def working(self, client_id: str) -> Order | None:
        """Return an order as it is known now; None when it is over, or nobody knows it."""
        order = self._store.blotter.get(client_id)
        return None if order is None or order.status.is_terminal else order

    def mid(self, iid: InstrumentId) -> Decimal | None:
        """Return the midpoint of a live book, None otherwise."""
        book = self._store.book(iid)
        return book.mid if book is not None and book.is_live else None

    def gather(self, iid: InstrumentId) -> Facts:
        """Return the facts about one instrument and the account around it."""
        store = self._store
        ticker = store.ticker(iid)
        book = store.book(iid)
        tape = store.tapes.get(iid)
        instrument = store.instruments.get(iid)
        pnl = store.pnl(instrument.settle) if instrument else None
        worth = store.dollars(instrument.settle) if instrument else None
        legs = [p for (i, _), p in store.positions.items() if i == iid]
        leg = next((p for p in legs if not p.is_flat), None) or store.backings.get(iid) or next(iter(legs), None)
        return Facts(
            now_ns=self._clock.mono_ns(),  # the clock of OrderPath.recent
            state=self._state(),
            mark=ticker.mark,
            mark_fresh=store.mark_is_fresh(iid),
            last=tape.last.price if tape and tape.last else ticker.last,
            index=ticker.index,
            best_bid=book.best_bid if book else None,
            best_ask=book.best_ask if book else None,
            book_live=store.book_is_fresh(iid),
            mode=self.mode(iid),
            positions=tuple(store.open_positions()),
            orders=tuple(self._widened(order) for order in store.blotter.working()),
            other_exposure=self._other_exposure(iid),
            equity=pnl.equity if pnl else None,
            available=pnl.available if pnl else None,
            leverage=leg.leverage if leg and leg.leverage else None,
            margin_mode=leg.margin_mode if leg else MarginMode.CROSS,
            day_pnl=pnl.day * worth if pnl and pnl.complete and worth is not None else None,
            recent=tuple(self._recent),
            pace=self._pace(0),
        )

    def judge(
        self,
        ticket: OrderTicket,
        instrument: Instrument,
        *,
        leverage: Decimal | None = None,
        beside_unknown: bool = False,
        closed: PositionKey | None = None,
        beside: Sequence[OrderTicket] = (),
    ) -> Judgement:
        """Return a ticket's consequences and everything that speaks against sending it now.

        ``leverage`` is what will be in force when it leaves, if that is to change; ``beside_unknown`` lets it pass although an
        order of unknown outcome stands on the same side; ``closed`` is a leg that will be flat by then;
        ``beside`` leave in one request with it, before it.
        """
        facts = self.gather(ticket.instrument)
        if beside:
            facts = replace(
                facts,
                orders=(*facts.orders, *(replace(Order.from_ticket(one, 0), status=OrderStatus.LIVE) for one in beside)),
                recent=(*facts.recent, *((facts.now_ns, one) for one in beside)),
                pace=self._pace(len(beside)),
            )
        if closed is not None:
            facts = replace(facts, positions=tuple(leg for leg in facts.positions if leg.key != closed))
        if leverage is not None:
            facts = replace(facts, leverage=leverage)
        return self._judged(ticket, instrument, facts, beside_unknown=beside_unknown)

    def judge_several(
        self,
        tickets: Sequence[OrderTicket],
        instrument: Instrument,
        *,
        leverage: Decimal | None = None,
        beside_unknown: bool = False,
    ) -> list[Judgement]:
        """Judge tickets that are to leave one after the other: each as if those before it were working already."""
        if not tickets:
            return []
        facts = self.gather(tickets[0].instrument)
        if leverage is not None:
            facts = replace(facts, leverage=leverage)
        found = []
        for ticket in tickets:
            found.append(self._judged(ticket, instrument, facts, beside_unknown=beside_unknown))
            standing = replace(Order.from_ticket(ticket, 0), status=OrderStatus.LIVE)
            facts = replace(facts, orders=(*facts.orders, standing))
        return found

    def judge_change(
        self,
        order: Order,
        instrument: Instrument,
        *,
        qty: Decimal | None,
        price: Decimal | None,
        trigger: Decimal | None,
        take_profit: Decimal | None = None,
        stop_loss: Decimal | None = None,
        trail: Decimal | None = None,
    ) -> Judgement:
        """Return what speaks against an order as it would stand after a change, its own present form left out of the count."""
        # A conditional order that has fired is an order at its limit price: the trigger is history.
        fired = order.type.is_conditional and order.type.has_limit and order.status in (OrderStatus.LIVE, OrderStatus.PARTIAL)
        # What a closing order carries is the exit that the venue keeps under the same id, and none of its own.
        entry = not (order.reduce_only or order.close_on_trigger)
        ticket = OrderTicket(
            client_id=order.client_id,
            instrument=order.instrument,
            side=order.side,
            type=OrderType.LIMIT if fired else order.type,
            qty=order.qty if qty is None else qty,
            price=order.price if price is None else price,
            tif=order.tif,
            position_side=order.position_side,
            reduce_only=order.reduce_only,
            close_on_trigger=order.close_on_trigger,
            trail=None if fired else order.trail if trail is None else trail,
            activation_price=None if fired else order.activation_price,
            trigger_price=None if fired else order.trigger_price if trigger is None else trigger,
            trigger_source=order.trigger_source,
            take_profit=(order.take_profit if take_profit is None else take_profit or None) if entry else None,
            stop_loss=(order.stop_loss if stop_loss is None else stop_loss or None) if entry else None,
            take_profit_source=order.take_profit_source,
            stop_loss_source=order.stop_loss_source,
        )
        facts = self.gather(order.instrument)
        others = tuple(other for other in facts.orders if other.client_id != order.client_id)
        recent = tuple((at_ns, sent) for at_ns, sent in facts.recent if sent.client_id != order.client_id)
        judged = self._judged(ticket, instrument, replace(facts, orders=others, recent=recent))
        if not order.filled or ticket.qty <= order.filled:
            return judged
        # What is filled is in the position already: only the rest has consequences.
        rest = replace(ticket, qty=ticket.qty - order.filled)
        return replace(judged, preview=preview(rest, instrument, judged.facts))

    def _judged(self, ticket: OrderTicket, instrument: Instrument, facts: Facts, *, beside_unknown: bool = False) -> Judgement:
        limits = replace(self.limits, unknown_override=True) if beside_unknown else self.limits
        return Judgement(
            ticket=ticket,
            facts=facts,
            preview=preview(ticket, instrument, facts),
            objections=tuple(check(ticket, instrument, facts, limits)),
            reduces=reduces(ticket, facts.leg(ticket)),
        )

    def _other_exposure(self, iid: InstrumentId) -> Decimal:
        store = self._store
        total = ZERO
        legs = {position.key: position for position in store.open_positions()}
        for position in legs.values():
            instrument = store.instruments.get(position.instrument)
            if position.instrument != iid and instrument is not None:
                total += quote_value(instrument, position.qty, store.ticker(position.instrument).mark or position.entry)
        for order in map(self._widened, store.blotter.working()):
            instrument = store.instruments.get(order.instrument)
            if order.instrument == iid or instrument is None or order.reduce_only or order.close_on_trigger:
                continue
            price = order.price or order.trigger_price or store.ticker(order.instrument).mark
            if price is not None:
                total += quote_value(instrument, order.remaining, price)
        return total
