"""Nothing from the wire, however wrong, makes the dialects raise, and what passes is what the rest may rely on."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.event import BookDelta, BookSnapshot, OrderChanged, OrderFilled, TickerChanged, Unreadable
from tui_trader.core.order import Order
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus, OrderType, Side
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Lane, Outcome, Reply, Request, RequestKind
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.orders import PhemexOrders

PAYLOADS = Path(__file__).parent / "payloads"
BTC = InstrumentId("phemex", "BTCUSDT")


def _seeds() -> list[Any]:
    found = [json.loads(json.loads(line)["raw"]) for line in (PAYLOADS / "live_messages_2025_roq.jsonl").open()]
    for name in ("aop_p_docs_2023.jsonl", "aop_docs_coinm.jsonl", "docs_ws_samples_2019.jsonl"):
        found += [json.loads(line) for line in (PAYLOADS / name).open()]
    found += [row["body"] for row in json.loads((PAYLOADS / "rest_error_bodies.json").read_text())["rows"]]
    table = {"fields": ["symbol", "markRp"], "data": [["BTCUSDT", "1"]], "method": "perp_market24h_pack_p.update"}
    tick = {"tick_p": {"last": "1", "symbol": ".MBTCUSDT", "timestamp": 1}}
    return [*found, table, tick]


SEEDS = _seeds()
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["NaN", "-1", "1e999999999", "\x1b[5n", "\u202e", "0", "", "1_0", 10**400, -0.0, [], {}, [[]]]),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Return a real message in which some values, keys or bytes were replaced."""
    message = json.loads(json.dumps(draw(st.sampled_from(SEEDS))))
    for _ in range(draw(st.integers(0, 4))):
        place = message
        while isinstance(place, (dict, list)) and place:
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            child = place[key]
            if draw(st.booleans()) or not isinstance(child, (dict, list)) or not child:
                place[key] = copy.deepcopy(draw(JUNK))  # a drawn value may be the same object twice, even inside itself
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
        elif isinstance(event, (BookDelta, BookSnapshot)):
            assert event.sequence
            assert all(len(level) == 2 for side in (event.bids, event.asks) for level in side)
        elif isinstance(event, OrderChanged):
            report = event.report
            assert report.qty >= 0
            assert report.filled >= 0
            assert report.price is None or (report.price > 0 and report.price.is_finite())
            assert report.reason.isprintable()
        elif isinstance(event, OrderFilled):
            assert event.fill.qty > 0
            assert event.fill.price > 0
        elif isinstance(event, TickerChanged):
            assert all(value is None or value.is_finite() for value in (event.last, event.mark, event.index))


@settings(max_examples=400, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=4), st.sampled_from(Lane))
def test_receive(frames: list[bytes], lane: Lane) -> None:
    feed = PhemexFeed(lane, Credential("K", Secret("S")))
    feed.login(10**18)
    for frame in frames:
        check(feed.receive(frame, 1))


def _requests() -> list[Request]:
    orders = PhemexOrders()
    order = Order(
        client_id=ClientOrderId("EAACDVL8t0AAAQAAAAAA"),
        instrument=BTC,
        side=Side.BUY,
        type=OrderType.LIMIT,
        qty=Decimal(1),
        status=OrderStatus.LIVE,
    )
    return [
        Request(RequestKind.CREATE, "place", "POST", "/g-orders", ref=order.client_id),
        Request(RequestKind.AMEND, "amend", "PUT", "/g-orders/replace", ref=order.client_id),
        orders.instruments(),
        orders.server_time(),
        orders.book(BTC),
        orders.cancel(order),
        *orders.cancel_all(BTC),
        orders.open_orders(BTC),
        orders.order_by_id(order),
        orders.fills(None, 0),
        orders.positions("USDT"),
        orders.set_leverage(BTC, Decimal(1), cross=True, hedged=False),
    ]


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(_requests()),
    st.sampled_from([200, 200, 200, 400, 401, 403, 429, 500, 302]),
    ANY,
    st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-retry-after-contract"]), st.text(max_size=12)),
)
def test_parse(request: Request, status: int, body: bytes, headers: dict[str, str]) -> None:
    orders = PhemexOrders()
    reply = Reply(status, headers, body)
    verdict = orders.parse(request, reply)
    orders.limits(reply)
    check(verdict.events)
    assert 0 <= verdict.retry_after_s <= 60
    assert verdict.text.isprintable()
    if status != 200 and request.what != "open_orders":
        # Open orders are the exception: an error code (10002) is how the venue says that there are none.
        assert verdict.outcome is not Outcome.ACK
    if verdict.outcome not in (Outcome.ACK, Outcome.MISSING):
        assert verdict.text
