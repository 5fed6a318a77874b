"""Paradex's HTTP answers: what each proves about its request, and the facts in it.

A write is REJECTED only on proof, accepted only by a whole and fitting answer; everything else is UNKNOWN and somebody will
look. A read with a row that cannot be read claims no completeness. It must not know how the answer travelled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import orjson

from tui_trader.core.candle import Candle
from tui_trader.core.decimals import divide, from_wire
from tui_trader.core.error import WireError
from tui_trader.core.event import (
    BalanceChanged,
    BookSnapshot,
    CandlesChanged,
    Event,
    FundsListed,
    InstrumentsListed,
    OrderChanged,
    OrdersSnapshot,
    PositionChanged,
    PositionsSnapshot,
    TakingTold,
    Unreadable,
)
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import InstrumentId, OrderStatus, PendingAction, Taking
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Outcome, Reply, Request, Verdict
from tui_trader.venues.exact import decode_body
from tui_trader.venues.paradex import codes, products
from tui_trader.venues.paradex.rows import (
    Row,
    backing_of,
    balance_of,
    entry_of,
    filled,
    funding_of,
    position_of,
    readable,
    report_of,
)
from tui_trader.venues.paradex.tokens import Pass
from tui_trader.venues.paradex.words import VENUE
from tui_trader.venues.status import by_status, wait_of

PAGE_ROWS: Final = 200

STATES: Final = {
    "ok": (Taking.ALL, ""),
    "maintenance": (Taking.NOTHING, "Paradex is in maintenance: nothing trades"),
    "cancel_only": (Taking.CANCELS, "Paradex takes cancels alone at present"),
    "post_only": (Taking.POST_ONLY, "Paradex takes post-only orders alone at present"),
}
"""By the word of ``/system/state``: what is taken, and what a trader is told. A word that is not known stops nobody: the venue
refuses what it does not take."""

_BARS = re.compile(r"&resolution=([0-9]+)&start_at=([0-9]+)&end_at=([0-9]+)\Z", re.ASCII)
_BAR_SIZE: Final = Decimal("0.001")
_CURSOR = re.compile(r"&cursor=[^&]*")
_CHAIN = re.compile(r"[A-Z0-9_]{3,31}\Z", re.ASCII)


class ReplyReader:
    """Reads answers; the token and the name of the chain that they tell are kept here."""

    def __init__(self, pass_: Pass, fees: str) -> None:
        self.chain_id = ""
        """The chain that signatures are for; empty before it was told."""
        self.asked_ns = 0
        """When the token on its way was asked for."""
        self._pass = pass_
        self._fees = fees
        self._facts: dict[str, Callable[[Request, Any], Verdict]] = {
            "admission": self._admitted,
            "instruments": self._products,
            "server_time": self._server_time,
            "system_state": self._system_state,
            "book": self._book,
            "candles": self._candles,
            "place": self._placed,
            "place_several": self._placed_several,
            "amend": self._amended,
            "cancel": _done,
            "cancel_several": self._canceled,
            "cancel_all": _done,
            "set_leverage": self._backed,
            "account": self._account,
            "margin": self._margin,
            "positions": self._positions,
            "open_orders": self._open_orders,
            "order_by_id": self._order_by_id,
            "fills": lambda request, facts: self._pages(request, facts, filled, "executions"),
            "order_history": lambda request, facts: self._pages(request, facts, _past_order, "orders"),
            "funding_history": lambda request, facts: self._pages(request, facts, lambda row: [funding_of(row)], "payments"),
            "funds_journal": lambda request, facts: self._pages(
                request, facts, lambda row: [FundsListed(VENUE, (entry_of(row),))], "transfers"
            ),
        }

    def read(self, request: Request, reply: Reply) -> Verdict:
        """Classify an answer and extract its facts. Never raises on wire content."""
        status = reply.status
        proven = by_status(status, "too many requests: not executed", wait_of(reply.headers.get("retry-after", "")))
        if proven is not None:
            return proven
        if status == 204 or (not reply.body and request.what in ("cancel", "cancel_all") and status < 300):
            return Verdict(Outcome.ACK) if request.what in ("cancel", "cancel_all") else _unknown("an empty answer", str(status))
        try:
            body = decode_body(reply.body)
        except WireError:
            return _unknown(f"the answer (HTTP status {status}) could not be read", str(status))
        if not isinstance(body, dict):
            return _unknown("the answer is not what was asked for", str(status))
        if status >= 400 or "error" in body:
            return self._refused(request, status, body)
        read = self._facts.get(request.what)
        if read is None:
            raise ValueError(f"no such request: {request.what}")
        try:
            return read(request, body)
        except WireError as error:
            return _unknown(f"the answer could not be read: {sanitise(str(error))}", "0")

    def _refused(self, request: Request, status: int, body: Mapping[str, Any]) -> Verdict:
        code = codes.code_of(body.get("error"))
        text = codes.sentence(code, body.get("message"))
        if code in codes.EXPIRED and request.signed:
            self._pass.drop()
        if request.what == "place_several" and not codes.refuses_all(code):
            return _unknown(text, code or str(status))
        if code == codes.DUPLICATE:
            return Verdict(Outcome.EXISTS, code, text)
        if code in codes.NOT_FOUND:
            return Verdict(Outcome.MISSING, code, text)
        if not codes.is_rejection(code):
            return _unknown(text, code or str(status))
        asked_in = request.what == "admission"
        return Verdict(
            Outcome.REJECTED,
            code,
            text,
            refresh_clock=code == codes.CLOCK,
            bad_key=code in codes.BAD_KEY or (asked_in and code in codes.BAD_LOGIN),
            no_orders=request.kind.is_write and code in codes.NO_ORDERS,
            events=self._taking(code),
        )

    def _taking(self, code: str) -> tuple[Event, ...]:
        """Return what a refusal proves of the state of the whole venue."""
        state = codes.STATES.get(code)
        return (TakingTold(VENUE, *STATES[state]),) if state is not None else ()

    # -- being let in ----------------------------------------------------------------------------------------------

    def _admitted(self, request: Request, facts: Any) -> Verdict:
        if request.ref == "config":
            chain = Row(facts).text("starknet_chain_id")
            if not _CHAIN.match(chain):
                return _unknown("the venue did not tell the name of its chain", "0")
            self.chain_id = chain
            return Verdict(Outcome.ACK)
        token = Row(facts).text("jwt_token")
        if not token or not token.isascii() or any(character <= " " for character in token):
            return _unknown("the answer holds no token", "0")
        self._pass.take(Secret(token), self.asked_ns)
        return Verdict(Outcome.ACK)

    # -- public ----------------------------------------------------------------------------------------------------

    def _products(self, request: Request, facts: Any) -> Verdict:
        listed, bad = products.perpetuals(facts, self._fees)
        if not listed:
            return _unknown("the product list is empty", "0", bad)
        return Verdict(Outcome.ACK, events=(InstrumentsListed(VENUE, listed), *bad))

    def _server_time(self, request: Request, facts: Any) -> Verdict:
        millis = Row(facts).whole("server_time")
        if millis <= 0:
            return _unknown("the venue did not tell its time", "0")
        return Verdict(Outcome.ACK, server_ns=millis * 1_000_000)

    def _system_state(self, request: Request, facts: Any) -> Verdict:
        state = Row(facts).text("status").lower()
        taking, said = STATES.get(state, (Taking.ALL, f"Paradex says that its state is {sanitise(state, 40)!r}"))
        return Verdict(Outcome.ACK, events=(TakingTold(VENUE, taking, said),))

    def _book(self, request: Request, facts: Any) -> Verdict:
        row = Row(facts)
        sides = (row.raw("bids"), row.raw("asks"))
        if row.market().symbol != request.ref or not all(_are_levels(side) for side in sides):
            return _unknown("the answer is not this book", "0")
        sequence = row.whole("seq_no")
        if sequence <= 0:
            return _unknown("the book carries no sequence", "0")
        snapshot = BookSnapshot(
            InstrumentId(VENUE, request.ref), *sides, sequence=sequence, depth=0, at_ns=row.moment("last_updated_at")
        )
        return Verdict(Outcome.ACK, events=(snapshot,))

    def _candles(self, request: Request, facts: Any) -> Verdict:
        """Bars with their value in dollars, as recorded ones of a single price show; sizes are that over the close."""
        asked = _BARS.search(request.query)
        if asked is None:
            raise WireError("bars of no span")
        seconds, first_ms, last_ms = int(asked[1]) * 60, int(asked[2]), int(asked[3])
        bars = []
        for row in _rows(facts):
            if not isinstance(row, list) or len(row) != 6 or type(row[0]) is not int:
                raise WireError("a row that is no bar")
            opened, high, low, closed, value = map(from_wire, row[1:])
            if min(opened, high, low, closed) <= 0 or value < 0:
                raise WireError("a bar that cannot be")
            if first_ms <= row[0] <= last_ms:
                size = divide(value, closed).quantize(_BAR_SIZE)
                bars.append(Candle(row[0] // 1_000, seconds, opened, high, low, closed, size, value))
        bars.sort()
        return Verdict(Outcome.ACK, events=(CandlesChanged(InstrumentId(VENUE, request.ref), bars, snapshot=False),))

    # -- writes ----------------------------------------------------------------------------------------------------

    def _placed(self, request: Request, facts: Any) -> Verdict:
        """An acceptance for the risk check, never a verdict: NEW is not live."""
        report = report_of(Row(facts), ack=True)
        if report.client_id != request.ref:
            return _unknown("the answer is about another order", "0")
        if report.status is OrderStatus.REJECTED:
            return Verdict(Outcome.REJECTED, report.code, report.reason, (OrderChanged(replace(report, is_ack=False)),))
        status = OrderStatus.ARMED if report.status is OrderStatus.ARMED else OrderStatus.ACKED
        return Verdict(Outcome.ACK, events=(OrderChanged(replace(report, status=status, reason="", code="")),))

    def _placed_several(self, request: Request, facts: Any) -> Verdict:
        """What is told of each order that is named. Errors name none: the orders that are not named are in doubt, not refused."""
        asked = [str(one["client_id"]) for one in orjson.loads(request.body)]
        each: dict[str, Verdict] = {}
        for raw in _optional_rows(facts, "orders"):
            try:
                client_id = Row(raw).text("client_id")
                one = self._placed(replace(request, ref=client_id), raw)
            except WireError:
                continue  # whichever it is, it is not told of
            if client_id in asked:
                each[client_id] = one if client_id not in each else _unknown("the answer speaks of it twice", "0")
        errors = [Row(raw) for raw in _optional_rows(facts, "errors")]
        said = [codes.sentence(codes.code_of(error.raw("error")), error.raw("message")) for error in errors]
        because = f": of one or another it says {'; '.join(dict.fromkeys(said))}" if said else ""
        untold = _unknown(f"the answer does not name it{because}", "untold")
        each = {client_id: each.get(client_id, untold) for client_id in asked}
        outcomes = {one.outcome for one in each.values()}
        whole = next((one for one in (Outcome.ACK, Outcome.UNKNOWN) if one in outcomes), Outcome.REJECTED)
        texts = "; ".join(dict.fromkeys(one.text for one in each.values() if one.text))
        return Verdict(whole, text=texts, each=each)

    def _amended(self, request: Request, facts: Any) -> Verdict:
        """The change was received; how it ended is told by the feed."""
        report = report_of(Row(facts), ack=True)
        if request.ref not in (report.client_id, report.venue_id):
            return _unknown("the answer is about another order", "0")
        told = replace(report, status=OrderStatus.ACKED, pending=PendingAction.AMEND, reason="", code="")
        return Verdict(Outcome.ACK, events=(OrderChanged(told),))

    def _canceled(self, request: Request, facts: Any) -> Verdict:
        """Whatever became of each is told by the feed; orders that the venue does not know leave the whole in doubt."""
        rows = Row(facts).raw("results")
        if not isinstance(rows, list):
            raise WireError("no list of results")
        states = {Row(raw).text("status") for raw in rows}
        if states <= {"QUEUED_FOR_CANCELLATION", "ALREADY_CLOSED"}:
            return Verdict(Outcome.ACK)
        return Verdict(Outcome.MISSING, text="some of the orders are not known to the venue")

    # -- reads -----------------------------------------------------------------------------------------------------

    def _account(self, request: Request, facts: Any) -> Verdict:
        return Verdict(Outcome.ACK, events=(BalanceChanged(balance_of(Row(facts))),))

    def _backed(self, request: Request, facts: Any) -> Verdict:
        """What backs the next position from now on, as the venue repeats it."""
        told = backing_of(Row({"market": request.ref, **facts}))
        if told.instrument.symbol != request.ref:
            return _unknown("the answer is about another market", "0")
        return Verdict(Outcome.ACK, events=(told,))

    def _margin(self, request: Request, facts: Any) -> Verdict:
        told = [backing_of(Row(raw)) for raw in _rows(facts, "configs")]
        return Verdict(Outcome.ACK, events=tuple(each for each in told if each.instrument.symbol == request.ref))

    def _positions(self, request: Request, facts: Any) -> Verdict:
        events: list[Event] = []
        for raw in _rows(facts):
            events += readable(raw, lambda row: [PositionChanged(position_of(row))], "position")
        positions = [event.position for event in events if isinstance(event, PositionChanged)]
        if len(positions) != len(events):
            return _unknown("the list of positions is not whole", "0", events)
        held = [position for position in positions if not position.is_flat]
        return Verdict(Outcome.ACK, events=(PositionsSnapshot(VENUE, request.ref, held),))

    def _open_orders(self, request: Request, facts: Any) -> Verdict:
        events: list[Event] = []
        for raw in _rows(facts):
            events += readable(raw, lambda row: [OrderChanged(report_of(row))], "order")
        reports = [event.report for event in events if isinstance(event, OrderChanged)]
        if len(reports) != len(events) or any(report.instrument.symbol != request.ref for report in reports):
            return _unknown("the list of open orders is not whole", "0", events)
        return Verdict(Outcome.ACK, events=(OrdersSnapshot(VENUE, reports, request.ref),))

    def _order_by_id(self, request: Request, facts: Any) -> Verdict:
        rows = _rows(facts) if "results" in facts else [facts]
        events: list[Event] = []
        for raw in rows:
            events += readable(raw, lambda row: [OrderChanged(report_of(row))], "order")
        found = [
            event
            for event in events
            if isinstance(event, OrderChanged) and request.ref in (event.report.client_id, event.report.venue_id)
        ]
        if found:
            return Verdict(Outcome.ACK, events=tuple(found))
        if events:
            return _unknown("the answer is about another order, or unreadable", "0", events)
        return Verdict(Outcome.MISSING, text=codes.sentence("ORDER_ID_NOT_FOUND"))

    def _pages(self, request: Request, facts: Any, read: Callable[[Row], list[Event]], what: str) -> Verdict:
        """Read one page of a history; the cursor to the next is passed back as it came."""
        rows = _rows(facts)
        events: list[Event] = []
        for raw in rows:
            events += readable(raw, read, what)
        cursor = Row(facts).text("next")
        following = None
        if cursor and rows:
            following = replace(request, query=f"{_CURSOR.sub('', request.query)}&cursor={quote(cursor, safe='')}")
        if any(isinstance(event, Unreadable) for event in events):
            return replace(_unknown(f"some {what} could not be read", "0", events), next_page=following)
        return Verdict(Outcome.ACK, events=tuple(events), next_page=following)


def _past_order(row: Row) -> list[Event]:
    return [OrderChanged(report_of(row), replayed=True)]


def _done(request: Request, facts: Any) -> Verdict:
    """Success without facts."""
    return Verdict(Outcome.ACK)


def _unknown(text: str, code: str, events: list[Event] | list[Unreadable] | None = None) -> Verdict:
    return Verdict(Outcome.UNKNOWN, code, text, tuple(events or ()))


def _rows(facts: Any, name: str = "results") -> list[Any]:
    rows = facts.get(name)
    if not isinstance(rows, list):
        raise WireError("no list of rows")
    return rows


def _optional_rows(facts: Any, name: str) -> list[Any]:
    """Return the rows of a list that may be left out, or null, where it would be empty."""
    return [] if facts.get(name) is None else _rows(facts, name)


def _are_levels(side: object) -> bool:
    return isinstance(side, list) and all(isinstance(level, list) and len(level) == 2 for level in side)
