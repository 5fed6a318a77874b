"""The reckoning: the exchange's ledger against the trader's screen against the journal."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tests.dst.venue import ACCOUNT, SYMBOL
from tests.dst.watch import agrees
from tui_trader.core.types import OrderStatus, PositionSide
from tui_trader.storage.journal import read

if TYPE_CHECKING:
    from tests.dst.history import History


def is_journalled(path: Path, client_id: str) -> bool:
    """Whether an order's intent is on the disk."""
    return f'"id":"{client_id}"'.encode() in path.read_bytes()


def verdict(history: History) -> list[str]:
    """Return everything that does not agree, one sentence each."""
    return [*_sent_once(history), *_settled(history), *_orders(history), *_executions(history), *_position(history)]


def _sent_once(history: History) -> list[str]:
    sent: Counter[str] = Counter()
    for line in history.creates:
        sent.update(line.creates)
    made = Counter(one.client_id for one in history.venue.exchange.floor.orders.get(ACCOUNT, {}).values() if not one.refusal)
    found = [f"sent twice: {client_id} left {times} times" for client_id, times in sent.items() if times > 1]
    return found + [f"made twice: {client_id} {times} times" for client_id, times in made.items() if client_id and times > 1]


def _settled(history: History) -> list[str]:
    desk = history.terminal.desk
    if not history.terminal.started or not desk.reconciled:
        return ["never reconciled"]
    found = [] if history.terminal.settled else ["never settled"]
    for order in desk.store.blotter.working():
        if order.pending is not None:
            found.append(f"unanswered: {order.client_id} is still shown with {order.pending} pending")
    return found


def _orders(history: History) -> list[str]:
    blotter, venue = history.terminal.desk.store.blotter, history.venue
    ends = _ends_in_journal(history)
    found = []
    for client_id in history.meant:
        theirs, ours = venue.order(client_id), blotter.get(client_id)
        status = ours.status if ours is not None else ends.get(client_id)
        if theirs is None and status is None:
            if client_id in _journalled(history):
                found.append(f"lost: {client_id} is in the journal, nobody says what became of it")
            continue
        if ours is None and theirs is not None and theirs.refusal and status is OrderStatus.REJECTED:
            continue
        if ours is None and theirs is not None and not theirs.status.is_open and not _remembers_all(history):
            continue  # over before this run began, and too long ago for the snapshot
        if status is None or (ours is None and theirs is not None):
            found.append(f"lost: {client_id} is {theirs.status if theirs else '?'} at the exchange and not shown")
        elif not agrees(status, theirs):
            found.append(f"not so: {client_id} is shown {status}, the exchange has {theirs.status if theirs else 'nothing'}")
        if ours is not None and ours.external:
            found.append(f"disowned: {client_id} is shown as somebody else's")
    for theirs in venue.exchange.open_orders(ACCOUNT, SYMBOL):
        ours = blotter.find(theirs.order_id)
        if ours is None:
            found.append(f"lost: {theirs.client_id} rests at the exchange and is not shown")
        elif (ours.qty, ours.price or None, ours.filled) != (theirs.qty, theirs.price, theirs.filled):
            shown, held = (ours.qty, ours.price, ours.filled), (theirs.qty, theirs.price, theirs.filled)
            found.append(f"terms differ: {theirs.client_id} is shown {shown}, the exchange has {held}")
    for order in blotter.orders():
        theirs = venue.exchange.order(ACCOUNT, order_id=order.venue_id) if order.venue_id else None
        if theirs is not None and (not agrees(order.status, theirs) or order.filled != theirs.filled):
            found.append(
                f"not so: {order.client_id} is shown {order.status} {order.filled}, "
                f"the exchange has {theirs.status} {theirs.filled}"
            )
    return found


def _executions(history: History) -> list[str]:
    ours = {fill.exec_id: fill.qty for fill in history.terminal.desk.store.blotter.fills()}
    reports = history.venue.exchange.fills(ACCOUNT)
    theirs = {report.exec_id: report.exec_qty for report in reports}
    since_ns = 0 if _remembers_all(history) else history.opened_ns
    missed = [report.exec_id for report in reports if report.at_ns >= since_ns and report.exec_id not in ours]
    found = [f"executions not shown: {', '.join(missed)}"] if missed else []
    wrong = [exec_id for exec_id, qty in ours.items() if theirs.get(exec_id) != qty]
    return found + ([f"executions that were not: {', '.join(wrong)}"] if wrong else [])


def _remembers_all(history: History) -> bool:
    """Whether the stream's snapshot goes back to the beginning of every history."""
    return history.weather.snapshot_rows >= 100


def _position(history: History) -> list[str]:
    shown = {p.position_side: p.signed_qty for p in history.terminal.desk.store.open_positions()}
    held = {leg.position_side: leg.qty for leg in history.venue.exchange.positions(ACCOUNT) if leg.qty}
    return [] if shown == held else [f"position differs: shown {_words(shown)}, held {_words(held)}"]


def _words(legs: dict[PositionSide, Decimal]) -> str:
    return ", ".join(f"{leg} {qty}" for leg, qty in legs.items()) or "flat"


def _journalled(history: History) -> set[str]:
    return {str(record.body["id"]) for record in read(history.terminal.journal.path) if record.kind == "intent"}


def _ends_in_journal(history: History) -> dict[str, OrderStatus]:
    """Return the ends that an earlier run wrote down."""
    ends = {}
    for record in read(history.terminal.journal.path):
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
