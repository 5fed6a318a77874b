"""MEXC's HTTP answers: what each proves about its request, and the facts in it.

The rule is one-sided: a write is REJECTED only on proof, accepted only by a whole and fitting answer; everything else is UNKNOWN
and somebody will look. A read with a row that cannot be read claims no completeness, so that absence is never inferred from
it. It must not know how the answer travelled.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from tui_trader.core.candle import Candle
from tui_trader.core.decimals import from_wire
from tui_trader.core.error import WireError
from tui_trader.core.event import (
    BackingTold,
    BalanceChanged,
    BookSnapshot,
    CandlesChanged,
    Event,
    FeeRatesTold,
    FundsTransferred,
    InstrumentsListed,
    OrderChanged,
    OrderFilled,
    OrdersSnapshot,
    PositionChanged,
    PositionModeTold,
    PositionsSnapshot,
    TickerChanged,
    Unreadable,
)
from tui_trader.core.funds import FeeRate
from tui_trader.core.order import OrderReport
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import (
    ClientOrderId,
    InstrumentId,
    MarginMode,
    OrderStatus,
    OrderType,
    PositionMode,
    TimeInForce,
    VenueOrderId,
)
from tui_trader.venues.base import Outcome, Reply, Request, RequestKind, Verdict
from tui_trader.venues.exact import decode_body
from tui_trader.venues.mexc import codes, products, words
from tui_trader.venues.mexc.books import levels_of
from tui_trader.venues.mexc.rows import (
    NS_PER_MS,
    Row,
    balance_of,
    fill_of,
    funding_of,
    position_of,
    readable,
    report_of,
    transfer_of,
)
from tui_trader.venues.mexc.steps import Steps
from tui_trader.venues.mexc.terms import Backing, Terms
from tui_trader.venues.mexc.waiting import EXITS, PLANS, TRAILS, Shelf
from tui_trader.venues.mexc.waiting_rows import exit_of, plan_of, trail_of
from tui_trader.venues.mexc.words import VENUE
from tui_trader.venues.status import by_status, code_of, wait_of

PAGE_ROWS: Final = 100
"""The most that a page of any list may hold."""

_INTERVAL = re.compile(r"(?:\A|&)interval=([A-Za-z0-9]+)")
_SECONDS_OF = {name: seconds for seconds, name in words.INTERVALS.items()}
_PAGE = re.compile(r"(?<=page_num=)[0-9]{1,9}|(?<=pageIndex=)[0-9]{1,9}")


class ReplyReader:
    """Reads answers against the terms that it is given (and that may grow); learns mode and backing from them."""

    def __init__(self, terms: Terms, steps: Steps, waiting: Callable[[str, Shelf], Request]) -> None:
        """``waiting`` asks for the first page of what waits in one of the lists of a symbol."""
        self._waiting = waiting
        self._terms = terms
        self._steps = steps
        self._facts: dict[str, Callable[[Request, Any], Verdict]] = {
            "instruments": self._products,
            "server_time": self._server_time,
            "book": self._book,
            "funding_due": self._funding_due,
            "candles": self._candles,
            "place": self._placed,
            "place_several": self._placed_several,
            "amend": _done,
            "cancel": self._canceled,
            "cancel_several": self._canceled,
            "cancel_all": _done,
            "set_leverage": lambda request, facts: steps.done(request),
            "assign_margin": lambda request, facts: steps.done(request),
            "set_position_mode": self._mode_set,
            "leverage_target": lambda request, facts: steps.leverage_of(request.ref, self._of_symbol(request, facts)),
            "margin_target": lambda request, facts: steps.margin_of(request.ref, self._of_symbol(request, facts)),
            "position_mode": self._position_mode,
            "assets": self._assets,
            "leverage": self._leverage,
            "fees": self._fees,
            "open_orders": self._open_orders,
            "open_plans": self._open_plans,
            "open_exits": self._open_exits,
            "open_trails": self._open_trails,
            "order_by_id": self._order_by_id,
            "plan_by_id": lambda request, facts: self._waiting_by_id(request, facts, plan_of),
            "exit_by_id": lambda request, facts: self._waiting_by_id(request, facts, exit_of),
            "trail_by_id": lambda request, facts: self._waiting_by_id(request, facts, trail_of),
            "plans_made": lambda request, facts: self._history(request, facts, self._waiting_row(plan_of), "trigger orders"),
            "trails_made": lambda request, facts: self._history(request, facts, self._waiting_row(trail_of), "trailing orders"),
            "fills": lambda request, facts: self._history(request, facts, self._filled, "executions"),
            "closed_orders": lambda request, facts: self._history(request, facts, self._past_order, "orders"),
            "order_history": lambda request, facts: self._history(request, facts, self._past_order, "orders"),
            "funding_history": lambda request, facts: self._history(request, facts, self._funded, "funding payments"),
            "transfers": lambda request, facts: self._history(request, facts, self._moved, "transfers"),
            "positions": self._positions,
        }

    def read(self, request: Request, reply: Reply) -> Verdict:
        """Classify an answer and extract its facts. Never raises on wire content."""
        status = reply.status
        proven = by_status(status, codes.sentence(429), wait_of(reply.headers.get("retry-after", "")))
        if proven is not None:
            return proven
        try:
            body = decode_body(reply.body)
        except WireError:
            return _unknown(f"the answer (HTTP status {status}) could not be read", str(status))
        if not isinstance(body, dict):
            return _unknown("the answer is not what was asked for", str(status))
        code = code_of(body.get("code"))
        if code is None:
            return _unknown("the answer carries no code", str(status))
        if code != codes.OK:
            several = request.what == "place_several"
            if several and (body.get("data") or code not in codes.OF_THE_CALL | codes.LIMITED):
                return _unknown(codes.sentence(code, body.get("message", body.get("msg"))), str(code))
            return self._refused(request, code, body.get("message", body.get("msg")))
        if status != 200:
            return _unknown(f"the venue answered with HTTP status {status} and no error code", str(status))
        # Samples of some lists say ``success: false`` beside code 0; of a write that would be no proof of anything.
        if request.kind.is_write and body.get("success") is not True:
            return _unknown("the answer says neither success nor why not", "0")
        read = self._facts.get(request.what)
        if read is None:
            raise ValueError(f"no such request: {request.what}")
        try:
            return read(request, body.get("data"))
        except WireError as error:
            return _unknown(f"the answer could not be read: {sanitise(str(error))}", "0")

    def _refused(self, request: Request, code: int, message: object) -> Verdict:
        outcome = codes.classify(code, request.kind)
        text = codes.sentence(code, message)
        if request.what == "cancel_all" and outcome is Outcome.MISSING:
            return Verdict(Outcome.ACK)  # what is not there any more needs no cancelling
        if request.what == "position_mode" and code in codes.NO_ORDERS:
            # The question wants the permission to trade. Legs shown apart are true of either mode, and such a key places nothing.
            self._terms.mode = PositionMode.HEDGED
            told = (PositionModeTold(VENUE, PositionMode.HEDGED),)
            return Verdict(Outcome.ACK, str(code), text, told, no_orders=True)
        no_orders = request.kind is RequestKind.CREATE and code in codes.NO_ORDERS
        if request.what == "place_several" and no_orders and code not in codes.MAINTENANCE:
            # The key may place orders one by one all the same: the venue permits several in one request to those who ask.
            no_orders, text = False, f"{text}; several orders in one request are permitted on request: set batch_orders = false"
        return Verdict(
            outcome,
            str(code),
            text,
            refresh_clock=code == codes.CLOCK,
            bad_key=request.signed and code in codes.BAD_KEY,
            no_orders=no_orders,
        )

    # -- writes ----------------------------------------------------------------------------------------------------

    def _placed(self, request: Request, facts: Any) -> Verdict:
        """An acceptance for processing, never a verdict: the private feed has the last word. The answer is an object with the
        id, or, from the older path, the bare id."""
        identity = Row(facts).identity("orderId") if isinstance(facts, dict) else Row({"orderId": facts}).identity("orderId")
        if not identity:
            return _unknown("the answer names no order", "0")
        return self._accepted(request, Row(decode_body(request.body)), request.ref, identity)

    def _accepted(self, request: Request, asked: Row, client_id: str, identity: str) -> Verdict:
        """Return that an order was taken, on the terms that were asked for."""
        instrument = self._terms.need(asked.symbol())
        way = asked.word(words.WAYS, "side")
        shelf = next((one for one in (PLANS, TRAILS) if one.path.partition("/")[0] in request.path), None)
        kind, tif = (OrderType.TRAILING_STOP, TimeInForce.GTC) if shelf else asked.word(words.KIND, "type")
        report = OrderReport(
            instrument=instrument.id,
            client_id=ClientOrderId(client_id),
            venue_id=VenueOrderId((shelf.prefix if shelf else "") + identity),
            status=OrderStatus.ACKED,
            side=way.side,
            type=kind,
            qty=asked.size(instrument, "vol"),
            price=asked.price("price"),
            tif=tif,
            is_ack=True,
        )
        if shelf is TRAILS:
            self._terms.trails.setdefault(instrument.symbol, set()).add(report.venue_id)
        return Verdict(Outcome.ACK, events=(OrderChanged(report),))

    def _placed_several(self, request: Request, facts: Any) -> Verdict:
        """Success of the call is not success of each: the rows say what became of their orders, and of others nothing."""
        if not isinstance(facts, list):
            return _unknown("the answer names no order", "0")
        asked = {Row(one).text("externalOid"): Row(one) for one in decode_body(request.body)}
        each: dict[str, Verdict] = {}
        for raw in facts:
            try:
                row = Row(raw)
                client_id, identity, code = row.text("externalOid"), row.identity("orderId"), row.whole("errorCode")
            except WireError:
                continue  # whichever it is, it is not told of
            if client_id not in asked:
                continue
            if client_id in each or bool(identity) is bool(code):
                each[client_id] = _unknown("the answer contradicts itself about it", str(code))
            elif code:
                outcome, text = codes.classify(code, request.kind), codes.sentence(code, row.raw("errorMsg"))
                each[client_id] = Verdict(outcome, str(code), text)
            else:
                each[client_id] = self._accepted(request, asked[client_id], client_id, identity)
        outcomes = {each[client_id].outcome if client_id in each else Outcome.UNKNOWN for client_id in asked}
        first = (Outcome.ACK, Outcome.UNKNOWN, Outcome.REJECTED)
        whole = next((one for one in first if one in outcomes), Outcome.UNKNOWN)
        texts = "; ".join(dict.fromkeys(one.text for one in each.values() if one.text))
        return Verdict(whole, text=texts, each=each)

    def _canceled(self, request: Request, facts: Any) -> Verdict:
        """Success of the call is not success of each: the rows say what became of their orders."""
        if not isinstance(facts, list):
            return Verdict(Outcome.ACK)  # trigger orders and exits: the feed confirms it
        failures = [(code, row) for row in map(Row, facts) if (code := row.whole("errorCode"))]
        if request.what == "cancel_several" or not failures:
            return Verdict(Outcome.ACK) if facts else _unknown("the answer names no order", "0")
        code, row = failures[0]
        return Verdict(codes.classify(code, request.kind), str(code), codes.sentence(code, row.raw("errorMsg")))

    def _mode_set(self, request: Request, facts: Any) -> Verdict:
        mode = Row(decode_body(request.body)).word(words.MODE, "positionMode")
        self._terms.mode = mode
        return Verdict(Outcome.ACK, events=(PositionModeTold(VENUE, mode),))

    # -- what stands -----------------------------------------------------------------------------------------------

    def _products(self, request: Request, facts: Any) -> Verdict:
        listed, bad = products.contracts(facts)
        if not listed:
            return _unknown("the product list is empty", "0", bad)
        return Verdict(Outcome.ACK, events=(InstrumentsListed(VENUE, listed), *bad))

    def _server_time(self, request: Request, facts: Any) -> Verdict:
        if not isinstance(facts, int) or isinstance(facts, bool) or facts <= 0:
            return _unknown("the venue did not tell its time", "0")
        return Verdict(Outcome.ACK, server_ns=facts * NS_PER_MS)

    def _book(self, request: Request, facts: Any) -> Verdict:
        row = Row(facts)
        instrument = self._terms.need(request.ref)
        version = row.whole("version")
        if version <= 0:
            return _unknown("the book carries no version", "0")
        bids, asks = (levels_of(row.raw(side) or [], instrument) for side in ("bids", "asks"))
        at_ns = row.whole("timestamp") * NS_PER_MS
        return Verdict(Outcome.ACK, events=(BookSnapshot(instrument.id, bids, asks, version, 0, at_ns),))

    def _funding_due(self, request: Request, facts: Any) -> Verdict:
        instrument, millis = self._terms.need(request.ref), Row(facts).whole("nextSettleTime")
        if millis <= 0 or Row(facts).symbol() != request.ref:
            return _unknown("the answer does not tell when funding is settled", "0")
        return Verdict(Outcome.ACK, events=(TickerChanged(instrument.id, 0, next_funding_ns=millis * NS_PER_MS),))

    def _candles(self, request: Request, facts: Any) -> Verdict:
        """Bars come column by column, their volumes in contracts; columns of unequal length belong to no bar."""
        instrument = self._terms.need(request.ref)
        name = _INTERVAL.search(request.query)
        seconds = _SECONDS_OF.get(name[1]) if name else None
        columns = [Row(facts).raw(each) for each in ("time", "open", "high", "low", "close", "vol", "amount")]
        if seconds is None or not all(isinstance(column, list) for column in columns):
            return _unknown("the answer is not a list of bars", "0")
        if len({len(column) for column in columns}) != 1:
            return _unknown("the columns of the bars are of unequal length", "0")
        bars = []
        for start, *numbers in zip(*columns, strict=True):
            opened, high, low, closed, volume, turnover = map(from_wire, numbers)
            if type(start) is not int or min(opened, high, low, closed) <= 0 or volume < 0:
                raise WireError("a bar that cannot be")
            bars.append(Candle(start, seconds, opened, high, low, closed, volume * instrument.wire_lot, turnover))
        bars.sort()
        return Verdict(Outcome.ACK, events=(CandlesChanged(instrument.id, bars, snapshot=False),))

    def _position_mode(self, request: Request, facts: Any) -> Verdict:
        mode = Row({"positionMode": facts}).word(words.MODE, "positionMode")
        self._terms.mode = mode
        return Verdict(Outcome.ACK, events=(PositionModeTold(VENUE, mode),))

    def _assets(self, request: Request, facts: Any) -> Verdict:
        if not isinstance(facts, list):
            raise WireError("no list of accounts")
        events: list[Event] = []
        for raw in facts:
            events += readable(raw, lambda row: [BalanceChanged(balance_of(row, 0))], "account")
        if any(isinstance(event, Unreadable) for event in events):
            return _unknown("some accounts could not be read", "0", events)
        # The venue lists every currency there is; what is empty and settles nothing is nobody's account.
        balances = [event.balance for event in events if isinstance(event, BalanceChanged)]
        told = [balance for balance in balances if balance.total or balance.currency == products.SETTLE[0]]
        return Verdict(Outcome.ACK, events=tuple(map(BalanceChanged, told)))

    def _leverage(self, request: Request, facts: Any) -> Verdict:
        """Learn what backs each side of a contract; of two that differ, the larger leverage is told: it is the riskier."""
        if not isinstance(facts, list):
            raise WireError("no list of leverages")
        instrument = self._terms.need(request.ref)
        told: list[Backing] = []
        for row in map(Row, facts):
            leverage = row.number("leverage")
            if not leverage or leverage < 0:
                raise WireError("leverage is not positive")
            mode = words.MARGIN.get(row.whole("openType"), MarginMode.CROSS)
            backing = Backing(mode, leverage)
            kind = row.whole("positionType")
            self._terms.back(instrument.symbol, kind, backing)
            told.append(backing)
        if not told:
            return Verdict(Outcome.ACK)
        most = max(told, key=lambda backing: backing.leverage)
        return Verdict(Outcome.ACK, events=(BackingTold(instrument.id, most.leverage, most.margin_mode),))

    def _fees(self, request: Request, facts: Any) -> Verdict:
        row = Row(facts)
        maker, taker = row.number("makerFee"), row.number("takerFee")
        if maker is None or taker is None or not -1 < maker < 1 or not 0 <= taker < 1:
            raise WireError("fee rate lacks a number")
        rate = FeeRate(InstrumentId(VENUE, request.ref), maker, taker)
        return Verdict(Outcome.ACK, events=(FeeRatesTold(VENUE, (rate,)),))

    def _positions(self, request: Request, facts: Any) -> Verdict:
        if not isinstance(facts, list):
            raise WireError("no list of positions")
        events: list[Event] = []
        for raw in facts:
            events += readable(raw, lambda row: [PositionChanged(position_of(row, self._terms))], "position")
        positions = [event.position for event in events if isinstance(event, PositionChanged)]
        if len(positions) != len(events):
            return _unknown("the list of positions is not whole", "0", events)
        for raw, position in zip(facts, positions, strict=True):
            kind = Row(raw).whole("positionType")
            self._terms.back(position.instrument.symbol, kind, Backing(position.margin_mode, position.leverage))
        settled = [
            position
            for position in positions
            if not position.is_flat and self._terms.need(position.instrument.symbol).settle == request.ref
        ]
        return Verdict(Outcome.ACK, events=(PositionsSnapshot(VENUE, request.ref, settled),))

    def _of_symbol(self, request: Request, facts: Any) -> list[Row]:
        if not isinstance(facts, list):
            raise WireError("no list of positions")
        rows = [Row(raw) for raw in facts]
        return [row for row in rows if row.symbol() == request.ref and row.whole("state") != 3 and row.amount("holdVol")]

    # -- orders ----------------------------------------------------------------------------------------------------

    def _open_orders(self, request: Request, facts: Any) -> Verdict:
        return self._open(request, facts, report_of, PLANS)

    def _open_plans(self, request: Request, facts: Any) -> Verdict:
        return self._open(request, facts, plan_of, EXITS)

    def _open_exits(self, request: Request, facts: Any) -> Verdict:
        return self._open(request, facts, exit_of, TRAILS)

    def _open_trails(self, request: Request, facts: Any) -> Verdict:
        verdict = self._open(request, facts, trail_of, None)
        for event in verdict.events:
            if isinstance(event, OrdersSnapshot):
                told = self._terms.trails.setdefault(request.ref, set())
                if "pageIndex=1&" in request.query:
                    told.clear()
                told.update(report.venue_id for report in event.reports)
        return verdict

    def _open(self, request: Request, facts: Any, read: Callable[[Row, Terms], OrderReport], following: Shelf | None) -> Verdict:
        """Read one part of the list of open orders; its other pages come before the next part."""
        rows = _rows(facts)
        events: list[Event] = []
        for raw in rows:
            events += readable(raw, lambda row: [OrderChanged(read(row, self._terms))], "order")
        reports = [event.report for event in events if isinstance(event, OrderChanged)]
        if len(reports) != len(events) or any(report.instrument.symbol != request.ref for report in reports):
            return _unknown("the list of open orders is not whole", "0", events)
        then = self._waiting(request.ref, following) if following is not None else None
        more = _next_page(request) if len(rows) >= PAGE_ROWS else then
        return Verdict(Outcome.ACK, events=(OrdersSnapshot(VENUE, reports, request.ref),), next_page=more)

    def _order_by_id(self, request: Request, facts: Any) -> Verdict:
        if facts is None or facts == [] or facts == {}:
            return Verdict(Outcome.MISSING, text=codes.sentence(2040))
        report = report_of(Row(facts), self._terms)
        if request.ref not in (report.client_id, report.venue_id):
            return _unknown("the answer is about another order", "0")
        return Verdict(Outcome.ACK, events=(OrderChanged(report),))

    def _waiting_by_id(self, request: Request, facts: Any, read: Callable[[Row, Terms], OrderReport]) -> Verdict:
        """Find a trigger order or an exit in the list of its contract; there is no question for one."""
        rows = _rows(facts)
        events: list[Event] = []
        for raw in rows:
            events += readable(raw, lambda row: [OrderChanged(read(row, self._terms))], "order")
        found = [e for e in events if isinstance(e, OrderChanged) and e.report.venue_id == request.ref]
        if found:
            return Verdict(Outcome.ACK, events=tuple(found))
        if any(isinstance(event, Unreadable) for event in events):
            return _unknown("some orders of the list could not be read", "0")
        if len(rows) >= PAGE_ROWS:
            return Verdict(Outcome.ACK, next_page=_next_page(request))
        return Verdict(Outcome.MISSING, text=codes.sentence(2040))

    def _waiting_row(self, read: Callable[[Row, Terms], OrderReport]) -> Callable[[Row], list[Event]]:
        return lambda row: [OrderChanged(read(row, self._terms), replayed=True)]

    # -- the past --------------------------------------------------------------------------------------------------

    def _history(self, request: Request, facts: Any, read: Callable[[Row], list[Event]], what: str) -> Verdict:
        """Read one page of a history; whatever else is in it, a row that cannot be read leaves it without completeness."""
        rows = _rows(facts)
        events: list[Event] = []
        for raw in rows:
            events += readable(raw, read, what)
        following = _next_page(request) if len(rows) >= PAGE_ROWS else None
        if any(isinstance(event, Unreadable) for event in events):
            return replace(_unknown(f"some {what} could not be read", "0", events), next_page=following)
        return Verdict(Outcome.ACK, events=tuple(events), next_page=following)

    def _filled(self, row: Row) -> list[Event]:
        return [OrderFilled(fill_of(row, self._terms), replayed=True)]

    def _past_order(self, row: Row) -> list[Event]:
        return [OrderChanged(report_of(row, self._terms), replayed=True)]

    def _funded(self, row: Row) -> list[Event]:
        return [funding_of(row, self._terms)]

    def _moved(self, row: Row) -> list[Event]:
        return [FundsTransferred(VENUE, transfer_of(row))]


def _done(request: Request, facts: Any) -> Verdict:
    """Success without facts: what it did is told by the feed, and by the lists."""
    return Verdict(Outcome.ACK)


def _unknown(text: str, code: str, events: list[Event] | list[Unreadable] | None = None) -> Verdict:
    return Verdict(Outcome.UNKNOWN, code, text, tuple(events or ()))


def _rows(facts: Any) -> list[Any]:
    """Return the rows of a list, or of a page that says which one it is."""
    if isinstance(facts, dict):
        facts = facts.get("resultList")
    if not isinstance(facts, list):
        raise WireError("no list of rows")
    return facts


def _next_page(request: Request) -> Request:
    """Return the same question, one page on."""
    return replace(request, query=_PAGE.sub(lambda match: str(int(match[0]) + 1), request.query))
