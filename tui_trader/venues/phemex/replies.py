"""Phemex's HTTP answers: what each proves about its request, and the facts in it.

The rule is one-sided: a write is REJECTED only on proof, accepted only by a whole and fitting answer; everything else is
UNKNOWN and somebody will look. A read with a row that cannot be read claims no completeness, so that absence is never
inferred from it. It must not know how the answer travelled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeGuard

from tui_trader.core.error import WireError
from tui_trader.core.event import (
    BalanceChanged,
    BookSnapshot,
    CandlesChanged,
    Event,
    FeeRatesTold,
    FundsListed,
    FundsTransferred,
    InstrumentsListed,
    OrderChanged,
    OrdersSnapshot,
    PositionChanged,
    PositionsSnapshot,
    TickerChanged,
    Unreadable,
)
from tui_trader.core.funds import FeeRate
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import InstrumentId, OrderStatus, PendingAction
from tui_trader.venues.base import Outcome, Reply, Request, Verdict
from tui_trader.venues.phemex import codes, products
from tui_trader.venues.phemex.family import Listing
from tui_trader.venues.phemex.funds import entry_of, fee_rate_of, transfer_of
from tui_trader.venues.phemex.market import MarketRows
from tui_trader.venues.phemex.rows import Row, balance_of, funding_of, history_events, position_of, readable, report_of
from tui_trader.venues.phemex.wire import decode_body, sample
from tui_trader.venues.phemex.words import VENUE
from tui_trader.venues.status import by_status, code_of, wait_of

PAGE_ROWS: Final = 200
"""The most that a history page may hold."""

_HISTORY: Final = frozenset(
    {"funding_due", "fills", "order_by_id", "closed_orders", "order_history", "funding_history", "transfers", "funds_journal"}
)
"""Reads that the reference documents with a bare list. Open orders are not among them: ``[]`` would say that there are none."""

_EXPIRED = re.compile(r"expired", re.IGNORECASE)
_COUNT = re.compile(r"[0-9]{1,9}\Z", re.ASCII)
_OFFSET = re.compile(r"(?<=&offset=)[0-9]{1,9}(?=&|\Z)")
_HEADER = "x-ratelimit-"


class ReplyReader:
    """Reads answers against the product list that it is given (and that may grow)."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._market = MarketRows()
        self._facts: dict[str, Callable[[Request, Any], Verdict]] = {
            "instruments": self._products,
            "server_time": self._server_time,
            "book": self._book,
            "funding_due": self._funding_due,
            "candles": self._candles,
            "place": self._placed,
            "amend": self._amended,
            "cancel": self._canceled,
            "cancel_several": _done,
            "cancel_all": _done,
            "set_leverage": _done,
            "set_position_mode": _done,
            "assign_margin": _done,
            "set_risk_limit": _done,
            "transfer": self._transferred,
            "open_orders": self._open_orders,
            "order_by_id": self._order_by_id,
            "fills": lambda request, facts: self._pages(request, facts, history_events, "executions"),
            "closed_orders": lambda request, facts: self._pages(request, facts, _past_order, "orders"),
            "order_history": lambda request, facts: self._pages(request, facts, _past_order, "orders"),
            "funding_history": lambda request, facts: self._pages(request, facts, _past_funding, "funding payments"),
            "transfers": self._transfers,
            "funds_journal": self._funds_journal,
            "fee_rates": self._fee_rates,
            "positions": self._positions,
        }

    def read(self, request: Request, reply: Reply) -> Verdict:
        """Classify an answer and extract its facts. Never raises on wire content."""
        status = reply.status
        proven = by_status(status, codes.sentence(429), _retry_after(reply.headers))
        if proven is not None:
            return proven
        try:
            body = decode_body(reply.body)
        except WireError:
            return _unknown(f"the answer (HTTP status {status}) could not be read", str(status))
        if isinstance(body, list) and request.what in _HISTORY and status == 200:
            return self._accepted(request, body)
        if not isinstance(body, dict):
            return _unknown("the answer is not what was asked for", str(status))
        if status == 200 and request.what == "fee_rates" and "symbolFeeRates" in body:
            return self._accepted(request, body)  # documented without an envelope
        code, message = _code_and_message(body)
        if code is None:
            return _unknown("the answer carries no code", str(status))
        if code == 0:
            if status != 200:
                return _unknown(f"the venue answered with HTTP status {status} and no error code", str(status))
            return self._accepted(request, body["result"] if "result" in body else body.get("data"))
        return self._refused(request, reply, code, message)

    def limits(self, headers: Mapping[str, str]) -> dict[str, tuple[int, int]]:
        """Return ``{group: (remaining, capacity)}``; names without a suffix are the group ``other``."""
        found: dict[str, tuple[int, int]] = {}
        for name, value in headers.items():
            if not name.startswith(f"{_HEADER}remaining"):
                continue
            suffix = name.removeprefix(f"{_HEADER}remaining")
            capacity = headers.get(f"{_HEADER}capacity{suffix}", "")
            if _COUNT.match(value.strip()) and _COUNT.match(capacity.strip()):
                found[suffix.removeprefix("-") or "other"] = (int(value), int(capacity))
        return found

    # -- classes ---------------------------------------------------------------------------------------------------

    def _refused(self, request: Request, reply: Reply, code: int, message: object) -> Verdict:
        if code == codes.NOT_FOUND and request.what == "open_orders":
            # This is how Phemex says that there are none.
            return Verdict(Outcome.ACK, events=(OrdersSnapshot(VENUE, (), request.ref),))
        outcome = codes.classify(code, request.kind)
        text = codes.sentence(code, message)
        if outcome is Outcome.LIMITED:
            return Verdict(outcome, str(code), text, retry_after_s=_retry_after(reply.headers))
        expired = code == 401 and isinstance(message, str) and bool(_EXPIRED.search(message))
        if expired:
            text = "the request arrived after its expiry: the clocks differ, or the way was slow"
        # How the commas of a bulk cancel are to be signed is not settled: a refusal of its signature says nothing of the key.
        bad_key = request.signed and code in codes.BAD_KEY and not expired and request.what != "cancel_several"
        return Verdict(outcome, str(code), text, refresh_clock=expired, bad_key=bad_key)

    def _accepted(self, request: Request, facts: Any) -> Verdict:
        read = self._facts.get(request.what)
        if read is None:
            raise ValueError(f"no such request: {request.what}")
        try:
            return read(request, facts)
        except WireError as error:
            return _unknown(f"the answer could not be read: {sanitise(str(error))}", "0")

    # -- writes ----------------------------------------------------------------------------------------------------

    def _placed(self, request: Request, facts: Any) -> Verdict:
        """An acceptance for processing, never a verdict: the private feed has the last word."""
        row = Row(facts, self._listing)
        problem = row.whole("bizError")
        if problem:
            return _unknown(f"accepted and refused at once: {codes.sentence(problem)}", str(problem))
        report = report_of(row, ack=True)
        if report.client_id != request.ref:
            return _unknown("the answer is about another order", "0")
        if report.status is OrderStatus.REJECTED:
            return Verdict(Outcome.REJECTED, report.code, report.reason, (OrderChanged(replace(report, is_ack=False)),))
        status = OrderStatus.ARMED if report.status is OrderStatus.ARMED else OrderStatus.ACKED
        return Verdict(Outcome.ACK, events=(OrderChanged(replace(report, status=status, reason="", code="")),))

    def _amended(self, request: Request, facts: Any) -> Verdict:
        return self._asked(request, facts, PendingAction.AMEND)

    def _canceled(self, request: Request, facts: Any) -> Verdict:
        if not isinstance(facts, dict):
            # Success is all that is said of a cancel in some answers; the feed confirms it.
            return Verdict(Outcome.ACK)
        return self._asked(request, facts, PendingAction.CANCEL)

    def _asked(self, request: Request, facts: Any, pending: PendingAction) -> Verdict:
        report = report_of(Row(facts, self._listing), ack=True)
        if request.ref not in (report.client_id, report.venue_id):
            return _unknown("the answer is about another order", "0")
        told = replace(report, status=OrderStatus.ACKED, pending=pending, reason="", code="")
        return Verdict(Outcome.ACK, events=(OrderChanged(told),))

    # -- reads -----------------------------------------------------------------------------------------------------

    def _products(self, request: Request, facts: Any) -> Verdict:
        listed, bad = products.perpetuals(facts)
        if not listed:
            return _unknown("the product list is empty", "0", bad)
        return Verdict(Outcome.ACK, events=(InstrumentsListed(VENUE, listed), *bad))

    def _server_time(self, request: Request, facts: Any) -> Verdict:
        millis = Row(facts).whole("serverTime")
        if millis <= 0:
            return _unknown("the venue did not tell its time", "0")
        return Verdict(Outcome.ACK, server_ns=millis * 1_000_000)

    def _book(self, request: Request, facts: Any) -> Verdict:
        row = Row(facts)
        symbol = row.symbol()
        sides = row.raw("orderbook_p", "book")
        if symbol != request.ref or not isinstance(sides, dict):
            return _unknown("the answer is not this book", "0")
        bids, asks = sides.get("bids"), sides.get("asks")
        if not _are_levels(bids) or not _are_levels(asks):
            return _unknown("the answer is not a book", "0")
        depth, sequence = row.whole("depth"), row.whole("sequence")
        if sequence <= 0:
            return _unknown("the book carries no sequence", "0")
        snapshot = BookSnapshot(InstrumentId(VENUE, symbol), bids, asks, sequence, depth, row.whole("timestamp"))
        return Verdict(Outcome.ACK, events=(snapshot,))

    def _funding_due(self, request: Request, facts: Any) -> Verdict:
        rows = facts if isinstance(facts, list) else [facts]
        for raw in rows:
            row = Row(raw)
            millis = row.whole("nextfundingTime") if row.symbol() == request.ref else 0
            if millis > 0:
                due = TickerChanged(InstrumentId(VENUE, request.ref), 0, next_funding_ns=millis * 1_000_000)
                return Verdict(Outcome.ACK, events=(due,))
        return _unknown("the answer does not tell when funding is settled", "0")

    def _candles(self, request: Request, facts: Any) -> Verdict:
        """Rows come oldest or newest first, of nine columns; newer answers repeat the symbol in a tenth."""
        rows = facts.get("rows") if isinstance(facts, dict) else None
        if not isinstance(rows, list):
            return _unknown("the answer is not a list of candles", "0")
        known = self._listing.get(request.ref)
        scales = (known.price_scale, known.size_scale, known.value_scale) if known and known.price_scale else (0, 0, 0)
        try:
            bars = [self._market.candle(row[:9] if isinstance(row, list) else row, *scales) for row in rows]
        except WireError as error:
            return _unknown(f"the candles could not be read: {error}", "0")
        bars.sort()
        return Verdict(Outcome.ACK, events=(CandlesChanged(InstrumentId(VENUE, request.ref), bars, snapshot=False),))

    def _open_orders(self, request: Request, facts: Any) -> Verdict:
        rows, more = _rows(facts)
        events: list[Event] = []
        for raw in rows:
            events += readable(raw, self._listing, lambda row: [OrderChanged(report_of(row))], "order")
        reports = [event.report for event in events if isinstance(event, OrderChanged)]
        if more or len(reports) != len(events) or any(report.instrument.symbol != request.ref for report in reports):
            return _unknown("the list of open orders is not whole", "0", events)
        return Verdict(Outcome.ACK, events=(OrdersSnapshot(VENUE, reports, request.ref),))

    def _order_by_id(self, request: Request, facts: Any) -> Verdict:
        rows = [facts] if isinstance(facts, dict) and "rows" not in facts else _rows(facts)[0]
        events: list[Event] = []
        for raw in rows:
            events += readable(raw, self._listing, lambda row: [OrderChanged(report_of(row))], "order")
        found = [
            event
            for event in events
            if isinstance(event, OrderChanged) and request.ref in (event.report.client_id, event.report.venue_id)
        ]
        if found:
            return Verdict(Outcome.ACK, events=tuple(found))
        if events:
            return _unknown("the answer is about another order, or unreadable", "0", events)
        return Verdict(Outcome.MISSING, text=codes.sentence(codes.NOT_FOUND))

    def _pages(self, request: Request, facts: Any, read: Callable[[Row], list[Event]], what: str) -> Verdict:
        """Read one page of a history; whatever else is in it, a row that cannot be read leaves it without completeness."""
        rows, _ = _rows(facts)
        events: list[Event] = []
        for raw in rows:
            events += readable(raw, self._listing, read, what)
        following = _next_page(request) if len(rows) >= PAGE_ROWS else None
        if any(isinstance(event, Unreadable) for event in events):
            return replace(_unknown(f"some {what} could not be read", "0", events), next_page=following)
        return Verdict(Outcome.ACK, events=tuple(events), next_page=following)

    def _transferred(self, request: Request, facts: Any) -> Verdict:
        """The answer to a transfer: the venue may still be working on it."""
        told = transfer_of(Row(facts, self._listing))
        if told is None:
            return _unknown("the answer is about a conversion", "0")
        return Verdict(Outcome.ACK, events=(FundsTransferred(VENUE, replace(told, key=told.key or request.ref)),))

    def _transfers(self, request: Request, facts: Any) -> Verdict:
        def read(row: Row) -> list[Event]:
            told = transfer_of(row)
            return [FundsTransferred(VENUE, told)] if told is not None and told.currency == request.ref else []

        return self._pages(request, facts, read, "transfers")

    def _funds_journal(self, request: Request, facts: Any) -> Verdict:
        return self._pages(request, facts, lambda row: [FundsListed(VENUE, (entry_of(row),))], "entries")

    def _fee_rates(self, request: Request, facts: Any) -> Verdict:
        rows = Row(facts).raw("symbolFeeRates")
        if not isinstance(rows, list):
            raise WireError("no list of fee rates")
        rates: list[FeeRate] = []
        bad: list[Event] = []
        for raw in rows:
            try:
                rates.append(fee_rate_of(Row(raw, self._listing)))
            except WireError as error:
                bad.append(Unreadable(VENUE, sanitise(f"fee rate: {error}", 120), sample(raw)))
        return Verdict(Outcome.ACK, events=(FeeRatesTold(VENUE, rates), *bad))

    def _positions(self, request: Request, facts: Any) -> Verdict:
        outer = Row(facts)
        raws = outer.raw("positions")
        if not isinstance(raws, list):
            raise WireError("no list of positions")
        known = self._listing
        events: list[Event] = readable(outer.raw("account"), known, lambda row: [BalanceChanged(balance_of(row, 0))], "account")
        for raw in raws:
            events += readable(raw, known, lambda row: [PositionChanged(position_of(row, known))], "position")
        balances = [event for event in events if isinstance(event, BalanceChanged)]
        positions = [event.position for event in events if isinstance(event, PositionChanged)]
        if len(balances) + len(positions) != len(events) or balances[0].balance.currency != request.ref:
            return _unknown("the list of positions is not whole", "0", events)
        return Verdict(Outcome.ACK, events=(*balances, PositionsSnapshot(VENUE, request.ref, positions)))


def _past_order(row: Row) -> list[Event]:
    return [OrderChanged(report_of(row.spelled_out()), replayed=True)]


def _past_funding(row: Row) -> list[Event]:
    return [funding_of(row)]


def _done(request: Request, facts: Any) -> Verdict:
    """Success without facts; the reference asks not to rely on what else is said."""
    return Verdict(Outcome.ACK)


def _unknown(text: str, code: str, events: list[Event] | list[Unreadable] | None = None) -> Verdict:
    return Verdict(Outcome.UNKNOWN, code, text, tuple(events or ()))


def _code_and_message(body: dict[str, Any]) -> tuple[int | None, object]:
    """Return code and message of either envelope: ``code``/``msg``, or ``error``/``result`` under ``/md``."""
    if "code" in body:
        return code_of(body["code"]), body.get("msg")
    if "result" in body or "error" in body:
        error = body.get("error")
        if error is None:
            return (0, "") if body.get("result") is not None else (None, "")
        if isinstance(error, dict):
            return code_of(error.get("code")), error.get("message")
    return None, ""


def _rows(facts: Any) -> tuple[list[Any], bool]:
    """Return the rows of ``data.rows``, of a list, or of nothing, and whether more are said to follow."""
    if isinstance(facts, list):
        return facts, False
    if isinstance(facts, dict) and isinstance(facts.get("rows"), list):
        return facts["rows"], bool(facts.get("nextPageArg"))
    raise WireError("no list of rows")


def _are_levels(side: object) -> TypeGuard[list[list[Any]]]:
    """Whether a side of a book is rows of two; what stands in them is for the Book to judge."""
    return isinstance(side, list) and all(isinstance(level, list) and len(level) == 2 for level in side)


def _next_page(request: Request) -> Request:
    """Return the same question, one page on."""
    query = _OFFSET.sub(lambda match: str(int(match[0]) + PAGE_ROWS), request.query)
    return replace(request, query=query)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return how long to wait, in seconds: the longest that is told; 0 where nothing usable is told."""
    longest = 0.0
    for name, value in headers.items():
        if name == "retry-after" or name.startswith(f"{_HEADER}retry-after"):
            longest = max(longest, wait_of(value))
    return longest
