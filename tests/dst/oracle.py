"""The reckoning: the exchange's ledger against the trader's screen against the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tests.dst.grounds import ACCOUNT
from tests.dst.watch import agrees
from tui_trader.core.bracket import Bracket
from tui_trader.core.clock import NS
from tui_trader.core.types import InstrumentId, OrderStatus, OrderType, PositionSide, Side
from tui_trader.sim.credit import is_reducing
from tui_trader.storage.journal import Record, read

if TYPE_CHECKING:
    from tests.dst.history import History


LATELY_NS = 30 * NS
"""What was executed within this time may not have been told yet."""


def is_journalled(path: Path, client_id: str) -> bool:
    """Whether an order's intent is on the disk."""
    return f'"id":"{client_id}"'.encode() in path.read_bytes()


def verdict(history: History) -> Iterator[str]:
    """Yield everything that does not agree, one sentence each."""
    for look in (_settled, _position, _executions, _books, _funding, _orders, _sent_once, _protection):
        yield from look(history)


def _sent_once(history: History) -> Iterator[str]:
    sent: Counter[str] = Counter()
    for line in history.lines:
        sent.update(line.creates)
    for client_id, times in sent.items():
        if times > 1:
            yield f"sent twice: {client_id} left {times} times"
    made = Counter(one.client_id for one in history.venue.exchange.floor.orders.get(ACCOUNT, {}).values() if not one.refusal)
    for client_id, times in made.items():
        if client_id and times > 1:
            yield f"made twice: {client_id} {times} times"


def _settled(history: History) -> Iterator[str]:
    desk = history.terminal.desk
    if not history.terminal.started or not desk.reconciled:
        yield "never reconciled"
        return
    if not history.terminal.settled:
        yield "never settled"
    for order in desk.store.blotter.working():
        if order.pending is not None:
            yield f"unanswered: {order.client_id} is still shown with {order.pending} pending"


def _orders(history: History) -> Iterator[str]:
    blotter, venue = history.terminal.desk.store.blotter, history.venue
    ground = venue.ground
    records = list(read(history.terminal.journal.path))
    ends, intents = _ends(records), {str(record.body["id"]) for record in records if record.kind == "intent"}
    for client_id in history.meant:
        theirs, ours = venue.order(client_id), blotter.get(client_id)
        status = ours.status if ours is not None else ends.get(client_id)
        if theirs is None and status is None:
            if client_id in intents:
                yield f"lost: {client_id} is in the journal, nobody says what became of it"
            continue
        if ours is None and theirs is not None and theirs.refusal and status is OrderStatus.REJECTED:
            continue
        if ours is None and theirs is not None and not theirs.status.is_open and not remembers_all(history):
            continue  # over before this run began, and too long ago for the snapshot
        if status is None or (ours is None and theirs is not None):
            yield f"lost: {client_id} is {theirs.status if theirs else '?'} at the exchange and not shown"
        elif not agrees(status, theirs, ground):
            yield f"not so: {client_id} is shown {status}, the exchange has {theirs.status if theirs else 'nothing'}"
        if ours is not None and ours.external:
            yield f"disowned: {client_id} is shown as somebody else's"
    for theirs in venue.exchange.open_orders(ACCOUNT):
        ours = blotter.find(venue.ground.order_id(venue, theirs))
        if ours is None:
            yield f"lost: {theirs.client_id} rests at the exchange and is not shown"
        elif (ours.qty, ours.price or None, ours.filled) != (theirs.qty, theirs.price, theirs.filled):
            shown, held = (ours.qty, ours.price, ours.filled), (theirs.qty, theirs.price, theirs.filled)
            yield f"terms differ: {theirs.client_id} is shown {shown}, the exchange has {held}"
    for order in blotter.orders():
        theirs = venue.told_as(order.venue_id) if order.venue_id else None
        if theirs is not None and (not agrees(order.status, theirs, ground) or order.filled != theirs.filled):
            yield (
                f"not so: {order.client_id} is shown {order.status} {order.filled}, "
                f"the exchange has {theirs.status} {theirs.filled}"
            )


def _executions(history: History) -> Iterator[str]:
    ours = {fill.exec_id: fill.qty for fill in history.terminal.desk.store.blotter.fills()}
    venue = history.venue
    reports = [(report.at_ns, venue.ground.exec_id(venue, report), report.exec_qty) for report in venue.exchange.fills(ACCOUNT)]
    theirs = {exec_id: qty for _, exec_id, qty in reports}
    since_ns = 0 if remembers_all(history) else history.opened_ns
    if missed := [exec_id for at_ns, exec_id, _ in reports if at_ns >= since_ns and exec_id not in ours]:
        yield f"executions not shown: {', '.join(missed)}"
    if wrong := [exec_id for exec_id, qty in ours.items() if theirs.get(exec_id) != qty]:
        yield f"executions that were not: {', '.join(wrong)}"


def _funding(history: History) -> Iterator[str]:
    venue = history.venue
    paid = {venue.ground.charge_id(venue, charge): charge.amount for charge in venue.exchange.funding(ACCOUNT)}
    told = Counter(event.exec_id for event in history.terminal.desk.store._funded)
    for event in history.terminal.desk.store._funded:
        if told[event.exec_id] > 1 or paid.get(event.exec_id) != event.amount:
            yield f"funding that was not: {event.exec_id} {event.amount}"


def remembers_all(history: History) -> bool:
    """Whether the stream's snapshot goes back to the beginning of the history, and came through whole."""
    if history.line.cut_short or not history.venue.ground.remembers:
        return False
    exchange, rows = history.venue.exchange, history.plan.climate.snapshot_rows
    return rows >= 100 and len(exchange.fills(ACCOUNT)) <= rows and len(exchange.closed_orders(ACCOUNT)) <= rows


def _position(history: History) -> Iterator[str]:
    shown = {(p.instrument.symbol, p.position_side): p.signed_qty for p in history.terminal.desk.store.open_positions()}
    held = {(leg.symbol, leg.position_side): leg.qty for leg in history.venue.exchange.positions(ACCOUNT) if leg.qty}
    if shown != held:
        yield f"position differs: shown {_words(shown)}, held {_words(held)}"


def _protection(history: History) -> Iterator[str]:
    """Hold the stops at the exchange against what entries with a stop have opened there, and the exits against the position."""
    taken = {step.what for step in history.plan.steps}
    if "bracket" not in taken or "fill_the_disk" in taken:
        return  # what could not be written down is not picked up, and not known here either
    venue, exchange = history.venue, history.venue.exchange
    exits: dict[str, list[str]] = {}
    over: set[str] = set()
    for record in read(history.terminal.journal.path):
        if record.kind == "exit":
            exits.setdefault(str(record.body["bracket"]), []).append(str(record.body["id"]))
        elif record.kind == "bracket_end" or (
            # A panic that is still being tried lets go of what is sent meanwhile, which a trader could not have sent.
            record.kind == "bracket" and "panic" in taken and "stop" not in record.body["keeps"]
        ):
            over.add(str(record.body["id"]))
    ours = {client_id for row in exits.values() for client_id in row}
    claims: Counter[tuple[str, PositionSide]] = Counter()
    for client_id in history.bracketed.keys() - over:
        entry = venue.order(client_id)
        if entry is not None and entry.filled:
            made = [venue.order(one) for one in exits.get(client_id, ())]
            made += [one for one in exchange.floor.orders[ACCOUNT].values() if one.parent == entry.order_id]
            closed = sum(one.filled for one in made if one is not None)
            sign = 1 if entry.side is Side.BUY else -1
            claims[entry.symbol, entry.position_side] += sign * max(0, entry.filled - closed)
    for leg in exchange.positions(ACCOUNT):
        side = Side.SELL if leg.qty > 0 else Side.BUY
        closing = [
            order
            for order in exchange.open_orders(ACCOUNT, leg.symbol)
            if order.position_side is leg.position_side and order.side is side and order.status.is_open
        ]
        stops = sum(
            order.remaining or (abs(leg.qty) if order.close_on_trigger else 0)
            for order in closing
            if order.type is OrderType.STOP and is_reducing(order)
        )
        claim = claims[leg.symbol, leg.position_side]
        wanted = min(abs(leg.qty), abs(claim)) if claim * leg.qty > 0 else 0
        nobody = not exchange.book(leg.symbol)[0 if side is Side.SELL else 1]
        if stops < wanted and not (nobody and history.terminal.desk.protect.naked):
            yield f"naked: {leg.symbol} {leg.position_side} {leg.qty} has stops for {stops}, wanted are {wanted}"
        for kind in (OrderType.STOP, OrderType.MARKET_IF_TOUCHED):
            size = sum(order.remaining for order in closing if order.type is kind and order.client_id in ours)
            if size > abs(leg.qty):
                yield f"more exits than position: {leg.symbol} {leg.position_side} {leg.qty} has {kind}s of ours for {size}"
    held = {(leg.symbol, leg.position_side): leg.qty for leg in exchange.positions(ACCOUNT)}
    for order in exchange.open_orders(ACCOUNT):
        qty = held.get((order.symbol, order.position_side), Decimal(0))
        if order.client_id in ours and (not qty or (qty > 0) is (order.side is Side.BUY)):
            yield f"orphan: {order.client_id} {order.side} {order.type} {order.remaining} has nothing to close"


def given_up(history: History, bracket: Bracket) -> str:
    """Return what is wrong with a bracket's end: something of what its entry opened is held; empty when nothing is."""
    exchange = history.venue.exchange
    entry = history.venue.order(bracket.entry)
    held = exchange.position(ACCOUNT, bracket.instrument.symbol, bracket.position_side).qty * bracket.side.sign
    for other in history.terminal.desk.protect.brackets():
        theirs = history.venue.order(other.entry)
        if theirs is not None and (other.instrument, other.position_side) == (bracket.instrument, bracket.position_side):
            held -= theirs.filled if other.side is bracket.side else 0  # what is held may be theirs
    fills = exchange.fills(ACCOUNT, bracket.instrument.symbol)
    lately = bool(fills) and exchange.now_ns - fills[-1].at_ns < LATELY_NS
    lately = lately or any(step.what == "suspend" for step in history.plan.steps)  # then what is told is as old as the sleep
    if entry is not None and entry.status.is_open:
        return f"given up: {bracket.entry} is {entry.status}"
    entries = [entry, *(history.venue.order(one) for one in bracket.also)]
    filled = sum(one.filled for one in entries if one is not None)
    if entry is None or not filled or held <= 0 or lately:
        return ""
    made = [history.venue.order(one) for one in (*bracket.stops, *(one for row in bracket.targets for one in row))]
    made += [one for one in exchange.floor.orders[ACCOUNT].values() if one.parent == entry.order_id]
    if filled > sum(one.filled for one in made if one is not None):
        return f"given up: {bracket.entry} filled {filled}, and {held} is held"
    return ""


def _words(legs: dict[tuple[str, PositionSide], Decimal]) -> str:
    return ", ".join(f"{symbol} {leg} {qty}" for (symbol, leg), qty in legs.items()) or "flat"


def _books(history: History) -> Iterator[str]:
    for symbol in history.plan.symbols:
        if problem := history.terminal.desk.wrong_book(InstrumentId(history.plan.venue, symbol), newest=True):
            yield problem


def _ends(records: list[Record]) -> dict[str, OrderStatus]:
    """Return the ends that an earlier run wrote down."""
    ends = {}
    for record in records:
        if record.kind == "absent":
            ends[str(record.body["id"])] = OrderStatus.ABSENT
        elif record.kind == "seen":
            ends[str(record.body["id"])] = OrderStatus(record.body["status"])
        elif record.kind == "outcome" and record.body["what"] == "place":
            match record.body["outcome"]:
                case "rejected" | "limited":
                    ends[str(record.body["ref"])] = OrderStatus.REJECTED
                case "not_sent":
                    ends[str(record.body["ref"])] = OrderStatus.ABSENT
    return ends
