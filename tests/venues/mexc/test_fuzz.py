"""Nothing from the wire, however wrong, makes the dialects raise, and what passes is what the rest may rely on."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.mexc.conftest import CONTRACTS, PAYLOADS
from tui_trader.core.event import (
    BalanceChanged,
    BookSnapshot,
    OrderChanged,
    OrderFilled,
    OrdersSnapshot,
    PositionChanged,
    TickerChanged,
    Unreadable,
)
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus, OrderType, PositionMode, PositionSide, Side
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Lane, Outcome, Reply, Request, RequestKind
from tui_trader.venues.mexc.feed import MexcFeed
from tui_trader.venues.mexc.orders import MexcOrders

BTC = InstrumentId("mexc", "BTC_USDT")
BY_ID = {one.id: one for one in CONTRACTS}


def _load(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_text())


def _seeds() -> list[Any]:
    found = [row["response"] for row in _load("mexcnet_rest.json")]
    found += [message["msg"] for row in _load("mexcnet_ws.json") for message in row["messages"] if message["dir"] == "recv"]
    found += [row["data"] for row in _load("ccxt_source_samples.json")]
    row = {"id": 1, "symbol": "BTC_USDT", "side": 1, "vol": 1, "price": 2, "fee": 1, "feeCurrency": "USDT", "orderId": 3}
    held = {"positionId": 1, "symbol": "BTC_USDT", "positionType": 1, "openType": 2, "state": 1, "holdVol": 3, "leverage": 9}
    for channel, data in (("order.deal", row), ("position", held)):
        found.append({"channel": f"push.personal.{channel}", "data": data, "ts": 5})
    return found


SEEDS = _seeds()
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["NaN", "-1", "1e999999999", "\x1b[5n", "\u202e", "0", "", "1_0", 10**400, -0.0, [], {}, [[]], 9.75e4]),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Return a sample in which some values, keys or bytes were replaced."""
    message = json.loads(json.dumps(draw(st.sampled_from(SEEDS))))
    for _ in range(draw(st.integers(0, 4))):
        place = message
        while isinstance(place, (dict, list)) and place:
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            child = place[key]
            if draw(st.booleans()) or not isinstance(child, (dict, list)) or not child:
                place[key] = copy.deepcopy(draw(JUNK))
                break
            place = child
    raw = bytearray(json.dumps(message).encode())
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(raw) - 1))
        raw[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(raw)


ANY = st.one_of(st.binary(max_size=200), mutated())


def check(events: Any) -> None:
    for event in events:
        if isinstance(event, Unreadable):
            assert len(event.sample) <= 128
            assert event.reason.isprintable()
        elif isinstance(event, BookSnapshot):
            assert event.sequence > 0
            assert all(len(level) == 2 for side in (event.bids, event.asks) for level in side)
        elif isinstance(event, OrderChanged | OrdersSnapshot):
            for report in [event.report] if isinstance(event, OrderChanged) else event.reports:
                assert report.qty >= 0
                assert report.filled >= 0
                assert report.price is None or (report.price > 0 and report.price.is_finite())
                assert report.client_id or report.venue_id or report.is_ack or not report.venue_id
                assert report.reason.isprintable()
        elif isinstance(event, OrderFilled):
            assert event.fill.qty > 0
            assert event.fill.price > 0
            assert event.fill.exec_id
        elif isinstance(event, PositionChanged):
            assert event.position.qty >= 0
            assert (event.position.side is None) is (not event.position.qty)
        elif isinstance(event, BalanceChanged):
            assert event.balance.total.is_finite()
        elif isinstance(event, TickerChanged):
            assert all(value is None or value.is_finite() for value in (event.last, event.mark, event.index))


@settings(max_examples=250, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=4), st.sampled_from(Lane), st.sampled_from([None, *PositionMode]))
def test_receive(frames: list[bytes], lane: Lane, mode: PositionMode | None) -> None:
    feed = MexcFeed(lane, Credential("K", Secret("S")))
    feed.list_instruments(CONTRACTS)
    if mode is not None:
        feed.take_mode(mode)
    feed.login(10**18)
    for frame in frames:
        check(feed.receive(frame, 1))


def _order(venue_id: str) -> Order:
    return Order(
        ClientOrderId("_m_f95eb99b061d4eef8f64a04e9ac4dad3"),
        BTC,
        Side.BUY,
        OrderType.LIMIT,
        Decimal(1),
        OrderStatus.LIVE,
        venue_id=venue_id,  # type: ignore[arg-type]
    )


def _requests() -> list[Request]:
    orders = MexcOrders()
    orders.list_instruments(CONTRACTS)
    ticket = OrderTicket(ClientOrderId("tt-1"), BTC, Side.BUY, OrderType.LIMIT, Decimal(1), Decimal(2))
    return [
        orders.place(ticket, BY_ID[BTC]),
        orders.instruments(),
        orders.server_time(),
        orders.book(BTC),
        *(orders.cancel(_order(one)) for one in ("", "1", "plan-2", "exit-3")),
        *orders.cancel_all(BTC),
        orders.open_orders(BTC),
        *(orders.order_by_id(_order(one)) for one in ("", "plan-265557643326564352", "exit-357859177")),
        *orders.standing(None),
        *orders.standing(BTC),
        orders.fills(BTC, 0),
        orders.closed_orders(BTC, 0),
        orders.order_history(BTC, 0),
        orders.funding_history(BTC, 0),
        orders.transfers("USDT", 0),
        orders.positions("USDT"),
        orders.set_position_mode(BTC, hedged=True),
    ]


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(_requests()),
    st.sampled_from([200, 200, 200, 400, 401, 403, 429, 500, 302]),
    ANY,
    st.dictionaries(st.just("retry-after"), st.text(max_size=12)),
)
def test_parse(request: Request, status: int, body: bytes, headers: dict[str, str]) -> None:
    orders = MexcOrders()
    orders.list_instruments(CONTRACTS)
    verdict = orders.parse(request, Reply(status, headers, body))
    check(verdict.events)
    assert 0 <= verdict.retry_after_s <= 60
    assert verdict.text.isprintable()
    if status != 200:
        assert verdict.outcome is not Outcome.ACK
    if verdict.outcome not in (Outcome.ACK, Outcome.MISSING):
        assert verdict.text


@settings(max_examples=150, deadline=None)
@given(ANY, ANY, st.booleans())
def test_settings_in_steps(first: bytes, second: bytes, margin: bool) -> None:
    orders = MexcOrders()
    orders.list_instruments(CONTRACTS)
    orders.take_mode(PositionMode.ONE_WAY)
    step: Request | None
    if margin:
        step = orders.assign_margin(BY_ID[BTC], PositionSide.MERGED, Decimal(5))
    else:
        step = orders.set_leverage(BTC, Decimal(5), cross=True, hedged=False)
    for body in (first, second, b'{"success":true,"code":0,"data":[]}', b'{"success":true,"code":0}'):
        if step is None:
            break
        verdict = orders.parse(step, Reply(200, {}, body))
        assert verdict.next_page is None or verdict.outcome is Outcome.ACK
        assert step.kind in (RequestKind.READ, RequestKind.SETTING)
        step = verdict.next_page
