"""The ticket: the staged order with all its consequences, in three lines that are always reserved.

Line 1 the order itself and its notional, margin and fee; line 2 its exits and what they risk; line 3 the resulting position,
and in front of it whatever objects, with the fix. It shows; keys and sending are the screen's.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import ClassVar

from tui_trader.core.bracket import Bracket
from tui_trader.core.clock import Clock
from tui_trader.core.command import spell_price
from tui_trader.core.decimals import HUNDRED, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.preview import Preview
from tui_trader.core.types import InstrumentId, OrderType, Side, TimeInForce
from tui_trader.desk.draft import StageView
from tui_trader.desk.stage import Stage
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui import format as f
from tui_trader.ui.panes.spans import Part, Row, Span, by_rank, page, part, width_of
from tui_trader.ui.panes.view import View

_TIF_WORDS = {
    TimeInForce.GTC: "gtc",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.POST_ONLY: "po gtc",
    TimeInForce.RPI: "rpi gtc",
}

_KINDS = {
    OrderType.LIMIT: "LMT",
    OrderType.MARKET: "MKT",
    OrderType.STOP: "STP",
    OrderType.STOP_LIMIT: "STP-LMT",
    OrderType.MARKET_IF_TOUCHED: "MIT",
    OrderType.LIMIT_IF_TOUCHED: "LIT",
    OrderType.TRAILING_STOP: "TRAIL",
}

_HINTS_FIT = 110
"""From this width the bottom line of the screen has room for every key of the stage."""


@cache
def _topics(staged: InstrumentId | None) -> frozenset[t.Topic]:
    own = {t.STAGE, t.CLOCK, t.POSITIONS, t.ORDERS, t.BALANCES, t.LINKS, t.FOCUS}
    return frozenset(own if staged is None else own | {t.book_topic(staged), t.ticker_topic(staged), t.MARKS})


class TicketView(View):
    """What would be sent, and what it would do."""

    name: ClassVar[str] = "ticket"
    hot = True

    def __init__(self, store: Store, clock: Clock, stage: Stage) -> None:
        super().__init__(store, clock)
        self._stage = stage
        self.blocked = ""
        """Why no entry may leave at all; the screen keeps it current."""
        self.confirming = False
        """Whether the next Enter sends in spite of soft objections."""
        self.refused = ""
        """Why this very order was refused when a line was to send it; empty when it was not."""

    @property
    def topics(self) -> frozenset[t.Topic]:
        draft = self._stage.draft
        return _topics(None if draft is None else draft.instrument)

    def title(self) -> list[Part]:
        draft = self._stage.draft
        if draft is None:
            return [part(0, "STAGE"), part(2, "empty", "dim")]
        parts = [part(0, "STAGE (not sent)", "accent")]
        if draft.title:
            parts.append(part(1, draft.title))
        if draft.follows is not None:
            parts.append(part(2, f"@{draft.follows} follows", "accent"))
        parts.append(self._enter())
        return parts

    def _enter(self) -> Part:
        """Say what Enter does to this very ticket."""
        view = self._stage.view()
        if view is None or view.ticket is None or (self.blocked and not view.draft.reduce_only) or not view.sendable:
            return part(0, "Enter refused  Esc drop", "alarm")
        if self.confirming:
            return part(0, "Enter again sends  Esc drop", "warning")
        if view.objections or self.refused:
            return part(0, "Enter twice sends  Esc drop", "warning")
        return part(3, "Enter send  Esc drop", "dim")

    def body(self, width: int, height: int) -> list[Row]:
        view = self._stage.view()
        if view is None:
            return page(self._idle(width), width, height)
        if view.ticket is None:
            rows: list[Row] = [
                (Span(f" {view.problem}", "alarm"),),
                (Span(f" try: {view.fix}" if view.fix else "", "warning"),),
            ]
            return page(rows, width, height)
        order = by_rank(self._order_line(view, view.ticket), width)
        if view.reversed is not None:
            order = by_rank(self._closing_line(view, view.reversed), width)
            exits = by_rank(self._opening_line(view, view.ticket), width)
        else:
            exits = by_rank(self._exits_line(view, view.ticket, width), width)
        after = by_rank(self._after(view.instrument, view.preview), width)
        wrong = self._wrong(view, width)
        if not wrong:
            last = by_rank([*self._after(view.instrument, view.preview), part(0, " limits: all ok", "gain")], width)
            return page([order, exits, last], width, height)
        # What is wrong and what mends it matter more than the exits, and those more than what comes after.
        rows = [order]
        if len(wrong) + 2 <= height:
            rows.append(exits)
        if len(wrong) + 3 <= height:
            rows.append(after)
        room = max(1, height - len(rows))
        if len(wrong) > room:
            wrong[room - 1].append(part(0, f"(+{len(wrong) - room} more)", "alarm"))
        rows += [by_rank(parts, width) for parts in wrong[:room]]
        return page(rows, width, height)

    # -- lines -----------------------------------------------------------------------------------------------------

    def _idle(self, width: int) -> list[Row]:
        entry = "stale" if self.blocked else "dim"  # greyed while no entry may leave
        keys = [
            part(0, " b buy at bid", entry),
            part(0, "s sell at ask", entry),
            part(1, "B S cross", entry),
            part(1, f"1-5 size [{self._stage.preset}]", entry),
            part(1, "x close", "dim"),
            part(2, ": type an order", "dim"),
        ]
        rows = [by_rank(keys, width)]
        if self.blocked:
            rows.append((Span(f" entries blocked: {self.blocked}", "warning"),))
        return rows

    def _order_line(self, view: StageView, ticket: OrderTicket) -> list[Part]:
        instrument = view.instrument
        role = "buy" if ticket.side is Side.BUY else "sell"
        places, places_of_size = instrument.price_places, instrument.qty_places
        price = "" if ticket.price is None else f" {f.number(ticket.price, places)}"
        if ticket.trail is not None:
            start = f" from {f.number(ticket.activation_price, places)}" if ticket.activation_price is not None else ""
            price = f" {f.number(ticket.trail, places)} behind{start}"
        elif ticket.trigger_price is not None:
            at = "" if ticket.price is None else f" lim{price}"
            price = f" {f.number(ticket.trigger_price, places)} {ticket.trigger_source}{at}"
        waits = ticket.type.is_conditional and ticket.price is None
        flags = "" if waits else _TIF_WORDS[ticket.tif]
        closes = " close" if ticket.close_on_trigger else " ro" if ticket.reduce_only else ""
        flags = f"{flags}{closes}".strip()
        kind = _KINDS[ticket.type]
        size = f"{f.number(ticket.qty, instrument.qty_places)} {instrument.size_unit}" if ticket.qty else "ALL"
        if view.draft.price is not None and view.draft.follows is not None and ticket.trail is None:
            price = f" @{spell_price(view.draft.price)}{price}"
        if view.amended is not None:
            size, price = _changed(view.amended, ticket, instrument, size, price)
        head = Part(
            0,
            (
                Span(f" {ticket.side.value.upper()} {size}", role),
                Span(f" {instrument.symbol} {kind}", "text"),
                Span(price, role),
                Span(f" {flags}", "text"),
            ),
        )
        parts = [head]
        if view.amended is not None and view.amended.filled:
            parts.append(part(1, f"filled {f.number(view.amended.filled, places_of_size)}"))
        preview = view.preview
        if preview is not None:
            settle = instrument.settle
            parts.append(part(1, f"notional {_notional(preview, instrument)}"))
            if preview.margin:
                parts.append(part(2, f"lev {f.bare(preview.leverage, 2)}x mgn {f.cost(preview.margin, settle)}"))
            resting = (ticket.tif is TimeInForce.GTC or ticket.tif.only_rests) and not self._crosses(ticket)
            fee, word = (preview.fee_maker, "maker") if resting else (preview.fee_taker, "taker")
            parts.append(part(3, f"fee {f.cost(fee, settle)} {word}"))
            if preview.distance is not None:
                parts.append(part(4, f"{f.percent(preview.distance)} from mark"))
        return parts

    def _closing_line(self, view: StageView, leg: Position) -> list[Part]:
        """Return the first half of a reversal."""
        instrument = view.instrument
        side = "SELL" if leg.side is Side.BUY else "BUY"
        qty = f"{f.number(leg.qty, instrument.qty_places)} {instrument.size_unit}"
        held = "LONG" if leg.side is Side.BUY else "SHORT"
        role = "sell" if leg.side is Side.BUY else "buy"
        parts = [Part(0, (Span(f" 1  {side} {qty}", role), Span(f" {instrument.symbol} MKT ro  closes {held}", "text")))]
        if leg.side is not None and view.preview is not None:
            profit = instrument.pnl(leg.side, leg.qty, leg.entry, view.preview.price)
            word = f"realises about {f.money(profit, instrument.settle, signed=True)}"
            parts.append(part(1, word, "gain" if profit > 0 else "loss"))
            fee = instrument.value(leg.qty, view.preview.price) * instrument.taker_fee
            parts.append(part(2, f"fee {f.money(fee, instrument.settle)} taker"))
        return parts

    def _opening_line(self, view: StageView, ticket: OrderTicket) -> list[Part]:
        """Return the second half: the order itself, and what it waits for."""
        line = self._order_line(view, ticket)
        head = line[0].spans
        first = Span(f" 2 {head[0].text}", head[0].role)
        return [Part(0, (first, *head[1:])), part(0, "once 1 is known to be filled", "accent"), *line[1:]]

    def _exits_line(self, view: StageView, ticket: OrderTicket, width: int) -> list[Part]:
        preview, instrument = view.preview, view.instrument
        parts: list[Part] = []
        places = instrument.price_places
        if ticket.stop_loss is not None:
            limit = "" if ticket.stop_loss_limit is None else f" lim {f.number(ticket.stop_loss_limit, places)}"
            said = f" SL {f.number(ticket.stop_loss, places)} {ticket.stop_loss_source}{limit}"
            if view.bracket is not None and view.bracket.trail is not None:
                said = f" TRAIL {f.number(view.bracket.trail, places)} from {f.number(ticket.stop_loss, places)}"
            parts.append(part(0, said, "sell"))
            if preview is not None and preview.risk is not None:
                parts.append(
                    part(
                        1,
                        f"= {f.cost(-preview.risk, instrument.settle, signed=True)}{self._share(instrument, preview.risk)}",
                        "loss",
                    )
                )
        if view.bracket is not None and view.bracket.goals:
            goals = view.bracket.goals
            shown = [
                f"{f.number(goal.trigger, places)}" + (f":{f.bare(goal.portion, 1)}%" if len(goals) > 1 else "") for goal in goals
            ]
            parts.append(part(1, f" TP {' '.join(shown)}", "buy"))
            if preview is not None and preview.reward is not None:
                parts.append(part(2, f"= {f.cost(preview.reward, instrument.settle, signed=True)}", "gain"))
        if preview is not None and preview.ratio is not None:
            parts.append(part(2, f"RR {f.number(preview.ratio, 2)}"))
        if view.bracket is not None:
            parts.append(part(3, _made_by(view.bracket), "dim"))
        if preview is not None and preview.realised:
            parts.append(
                part(
                    0,
                    f" realises {f.cost(preview.realised, instrument.settle, signed=True)}",
                    "gain" if preview.realised > 0 else "loss",
                )
            )
        if not parts:
            parts.append(part(0, " no stop, no target" + ("" if ticket.reduce_only else ": t attaches the template"), "dim"))
        if width < _HINTS_FIT:
            parts.append(part(4, "o po  r ro  i tif  m market", "dim"))
        return parts

    def _is_blocked(self, view: StageView) -> bool:
        return bool(self.blocked) and not view.draft.reduce_only

    def _wrong(self, view: StageView, width: int) -> list[list[Part]]:
        """Return a line for everything that objects, the gravest first, each with what mends it as far as that fits."""
        if self._is_blocked(view):
            return [[part(0, f" BLOCKED: {self.blocked}", "alarm")]]
        lines = []
        for objection in sorted(view.objections, key=lambda o: not o.hard):
            role, word = ("alarm", "NO") if objection.hard else ("warning", "CHECK")
            said = part(0, f" {word}: {objection.text}", role)
            mend = part(1, f"-> {objection.fix}", "warning")
            if not objection.fix:
                lines.append([said])
            elif width_of(said.spans) + 2 + width_of(mend.spans) <= width:
                lines.append([said, mend])
            else:
                lines += [[said], [part(0, f"   -> {objection.fix}", "warning")]]
        if self.refused and view.sendable:  # what spoke against it is over: still say that it did not leave
            lines.append([part(0, f" NOT SENT: {self.refused}", "warning")])
        return lines

    def _after(self, instrument: Instrument, preview: Preview | None) -> list[Part]:
        if preview is None:
            return [part(0, " no price to compute consequences at", "warning")]
        if preview.position_side is None or not preview.position_qty:
            return [part(0, " after: flat")]
        side = "LONG" if preview.position_side is Side.BUY else "SHORT"
        qty = f.number(preview.position_qty, instrument.qty_places)
        places = instrument.price_places
        parts = [part(0, f" after: {side} {qty} @{f.number(preview.position_entry, places)}")]
        if preview.break_even is not None:
            parts.append(part(1, f"BE {f.number(preview.break_even, places)}"))
        liquidation = f.NOTHING if preview.liquidation is None else f.number(preview.liquidation, places)
        parts.append(part(2, f"liq {liquidation}"))
        return parts

    def _share(self, instrument: Instrument, risk: Decimal) -> str:
        pnl = self.store.pnl(instrument.settle)
        if pnl is None or pnl.equity <= 0:
            return ""
        return f" ({f.percent(divide(risk * HUNDRED, pnl.equity), signed=False)} eq)"

    def _crosses(self, ticket: OrderTicket) -> bool:
        book = self.store.book(ticket.instrument)
        if ticket.price is None or book is None:
            return True
        touch = book.best_ask if ticket.side is Side.BUY else book.best_bid
        return touch is not None and (ticket.price >= touch if ticket.side is Side.BUY else ticket.price <= touch)


def _changed(order: Order, ticket: OrderTicket, instrument: Instrument, size: str, price: str) -> tuple[str, str]:
    """Return size and price of a working order as they are and, where they differ, as they would be."""
    if order.qty and order.qty != ticket.qty:
        size = f"{f.number(order.qty, instrument.qty_places)} -> {size}"
    level = order.price if ticket.price is not None and order.price != ticket.price else None
    if level is None and order.trigger_price is not None and order.trigger_price != ticket.trigger_price:
        level = order.trigger_price if ticket.trigger_price is not None else None
    return size, price if level is None else f" {f.number(level, instrument.price_places)} ->{price}"


def _notional(preview: Preview, instrument: Instrument) -> str:
    """Return what an order is worth, in quote currency too where it settles in something else."""
    value = f.cost(preview.notional, instrument.settle)
    return (
        value if instrument.settle == instrument.quote else f"{f.number(preview.quote_notional, 2)} {instrument.quote} = {value}"
    )


def _made_by(bracket: Bracket) -> str:
    """Say who makes the exits: the venue, or this terminal and only while it is up."""
    if not bracket.attached:
        return "exits ours: while this terminal is up"
    if bracket.native_targets or not bracket.goals:
        return "exits native; ours until the entry is whole"
    return "stop native, targets ours: while this terminal is up"
