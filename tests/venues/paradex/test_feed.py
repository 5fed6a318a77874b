"""The feed: documented controls, frames of both encodings, books that are right or say that they are not."""

from __future__ import annotations

import base64
import random
import struct
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.venues.paradex.conftest import BTC, KEY, ccxt_sample, payload
from tui_trader.core.book import Book
from tui_trader.core.event import (
    BalanceChanged,
    BookDelta,
    BookSnapshot,
    Event,
    GuardTold,
    Notice,
    OrderChanged,
    OrderFilled,
    PongReceived,
    PositionChanged,
    Subscribed,
    TickerChanged,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.types import InstrumentId, Liquidity, OrderStatus, OrderType, Severity, Side, TimeInForce
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Channel, Lane, Subscription
from tui_trader.venues.paradex.feed import ParadexFeed
from tui_trader.venues.paradex.products import assumed

BUILT = {row["name"]: bytes.fromhex(row["hex"]) for row in payload("sbe-handbuilt.jsonl")}
CONTROLS = {row["name"]: row for row in payload("ws_control_messages.json")}
ACCOUNT = Subscription(Channel.ACCOUNT)


def public() -> ParadexFeed:
    return ParadexFeed(Lane.PUBLIC, None)


def private(**choices: Any) -> ParadexFeed:
    feed = ParadexFeed(Lane.PRIVATE, KEY, **choices)
    feed.take_token(Secret("a.token.of-tests"))
    return feed


def number(frame: bytes) -> int:
    return int(orjson.loads(frame)["id"])


def answer(name: str, to: bytes) -> bytes:
    """Return a documented answer with the id of the request that it is to."""
    return orjson.dumps(CONTROLS[name]["recv"] | {"id": number(to)})


def book_frame(sequence: int, bids: Any, asks: Any, *, snapshot: bool = False, market: bytes = b"SOL-USD-PERP") -> bytes:
    """Return a book frame as the published schema has it."""
    block = struct.pack("<QqB", 1_000 + sequence, sequence, 0 if snapshot else 1) + struct.pack("<9q", *[-(1 << 63)] * 9)
    sides = b"".join(
        struct.pack("<HH", 16, len(side)) + b"".join(struct.pack("<qq", *level) for level in side) for side in (bids, asks)
    )
    return struct.pack("<HHHH", len(block), 3, 1, 2) + block + sides + bytes([len(market)]) + market


def test_the_versions_are_asked_for_in_turn() -> None:
    feed = public()
    asked = []
    for _ in range(3):
        asked.append(feed.query())
        said = feed.refused(400)
    assert asked == [f"sbeSchemaId=1&sbeSchemaVersion={version}" for version in (2, 3, 1)]
    assert said == (
        "the venue serves none of the versions of its binary encoding that are spoken here (1, 2, 3): update tui-trader"
    )
    assert feed.query() == asked[0]
    assert feed.refused(403) == ""
    assert feed.query() == asked[0], "other refusals say nothing of the version"


def test_a_login_is_one_frame_and_its_answer_lets_in() -> None:
    assert public().login(0) == []
    feed = private()
    [frame] = feed.login(0)
    assert orjson.loads(frame)["params"] == {"bearer": "a.token.of-tests"}
    [event] = feed.receive(answer("auth", frame), 1)
    assert event == Subscribed("paradex", Lane.PRIVATE, number(frame), True, "", is_login=True)
    [frame] = feed.login(0)
    [event] = feed.receive(answer("auth-invalid", frame), 1)
    assert isinstance(event, Subscribed)
    assert (event.ok, event.is_login, event.reason) == (False, True, "Invalid Bearer Token (40111)")


@pytest.mark.parametrize("on", [False, True])
def test_what_becomes_of_orders_is_said_before_anything_else(on: bool) -> None:
    feed = private(cancel_on_disconnect=on)
    frames = feed.subscribe([ACCOUNT])
    said = [orjson.loads(frame) for frame in frames]
    assert said[0]["method"] == "order.cancel_on_disconnect"
    assert said[0]["params"] == {"enabled": on}
    assert [each["params"]["channel"] for each in said[1:]] == ["orders.ALL", "fills.ALL", "positions", "account"]
    events = feed.receive(answer("order.cancel_on_disconnect", frames[0]), 1)
    assert isinstance(events[-1], Subscribed)
    assert events[-1].ok
    assert any(isinstance(event, Notice) for event in events) == on
    assert GuardTold("paradex", on) in events
    [beat] = feed.heartbeat()
    assert orjson.loads(beat)["params"] == {"enabled": on}
    assert feed.receive(answer("order.cancel_on_disconnect", beat), 7) == [PongReceived("paradex", Lane.PRIVATE, 7)]


def test_a_switch_that_is_refused_holds_the_lane_up_only_where_it_was_wanted() -> None:
    for on in (False, True):
        feed = private(cancel_on_disconnect=on)
        frames = feed.subscribe([ACCOUNT])
        events = feed.receive(answer("method-not-found", frames[0]), 1)
        assert isinstance(events[-1], Subscribed)
        assert events[-1].ok is not on
        assert GuardTold("paradex", True) not in events


def test_a_switch_of_the_trader_is_in_force_when_the_venue_says_so_and_on_every_later_connection() -> None:
    feed = private()
    [frame] = feed.guard(on=True)
    assert orjson.loads(frame)["params"] == {"enabled": True}
    notice, told = feed.receive(answer("order.cancel_on_disconnect", frame), 1)
    assert isinstance(notice, Notice)
    assert "protective stops too" in notice.text
    assert told == GuardTold("paradex", True)
    feed.reset()
    assert orjson.loads(feed.subscribe([ACCOUNT])[0])["params"] == {"enabled": True}
    [frame] = feed.guard(on=False)
    assert feed.receive(answer("order.cancel_on_disconnect", frame), 1)[-1] == GuardTold("paradex", False)
    assert orjson.loads(feed.heartbeat()[0])["params"] == {"enabled": False}


def test_a_switch_that_the_venue_refuses_stays_as_it_was_and_that_is_an_alarm() -> None:
    feed = private(cancel_on_disconnect=True)
    [frame] = feed.guard(on=False)
    notice, told = feed.receive(answer("method-not-found", frame), 1)
    assert isinstance(notice, Notice)
    assert (notice.severity, told) == (Severity.ALARM, GuardTold("paradex", True))
    assert notice.text.startswith("cancel-on-disconnect was not switched off: ")
    assert orjson.loads(feed.heartbeat()[0])["params"] == {"enabled": True}


def test_a_whole_book_that_is_refused_is_asked_for_as_its_best_levels_on_the_next_connection() -> None:
    feed, book = public(), Subscription(Channel.BOOK, BTC.id)
    assert not feed.asks_otherwise()
    frames = feed.subscribe([book])
    notice, refused = feed.receive(answer("subscribe-invalid-channel", frames[0]), 1)
    assert isinstance(notice, Notice)
    assert "books show the best 15 levels from here on" in notice.text
    assert isinstance(refused, Subscribed)
    assert not refused.ok
    assert (feed.asks_otherwise(), feed.asks_otherwise()) == (True, False)
    feed.reset()
    frames = feed.subscribe([book])
    assert orjson.loads(frames[0])["params"] == {"channel": "order_book.BTC-USD-PERP.snapshot@15@50ms"}
    [snapshot] = feed.receive(BUILT["book-1-snapshot"], 1)
    assert isinstance(snapshot, BookSnapshot)
    assert snapshot.depth == 15


def test_subscriptions_are_granted_or_refused_with_words() -> None:
    feed = public()
    frames = feed.subscribe(
        [Subscription(Channel.BOOK, BTC.id), Subscription(Channel.TICKER), Subscription(Channel.TRADES, BTC.id)]
    )
    channels = [orjson.loads(frame)["params"]["channel"] for frame in frames]
    assert channels == [
        "order_book.BTC-USD-PERP.deltas",
        "funding_data.BTC-USD-PERP",
        "markets_summary",
        "trades.BTC-USD-PERP",
    ]
    assert orjson.loads(frames[0]) == CONTROLS["subscribe"]["send"] | {"id": number(frames[0])}
    [granted] = feed.receive(answer("subscribe", frames[0]), 1)
    assert granted == Subscribed("paradex", Lane.PUBLIC, number(frames[0]), True)
    [refused] = feed.receive(answer("subscribe-invalid-channel", frames[1]), 1)
    assert isinstance(refused, Subscribed)
    assert refused.reason == "invalid subscribe request invalid channel (-32600)"
    captured = payload("captured-btc-bbo-2026-10-08.excerpt.jsonl")[0]["text"].encode()
    assert feed.receive(captured, 1) == [Subscribed("paradex", Lane.PUBLIC, 1, True)]


def test_trades_prices_and_funding() -> None:
    feed = public()
    [event] = feed.receive(BUILT["trade-v2-sell-rpi"], 1)
    assert isinstance(event, TradesPrinted)
    [trade] = event.trades
    assert (trade.side, trade.price, trade.qty) == (Side.SELL, Decimal("83422.7"), Decimal("0.00015"))
    assert trade.at_ns == 1_791_427_988_293_500_000
    [event] = feed.receive(BUILT["markets-summary-v1"], 1)
    assert isinstance(event, TickerChanged)
    assert (event.mark, event.index, event.last) == (Decimal("83440.12345678"), Decimal("83441.5"), Decimal("83452.9"))
    assert event.funding_rate == Decimal("0.000012345678"), "the precise rate where there is one"
    assert event.turnover_24h == Decimal("123456789.12")
    [event] = feed.receive(BUILT["funding-data-v1"], 1)
    assert isinstance(event, TickerChanged)
    assert event.funding_rate == Decimal("0.0001")
    for method in ("handle_trade", "handle_ticker", "handle_funding_rate"):
        [event] = feed.receive(orjson.dumps(ccxt_sample(method, "ws")), 1)
        assert isinstance(event, TradesPrinted | TickerChanged), "JSON is read as well"


def test_captured_best_prices_are_left_alone_and_the_heartbeat_is_life() -> None:
    feed = public()
    for row in payload("captured-btc-bbo-2026-10-08.excerpt.jsonl")[1:]:
        assert feed.receive(base64.b64decode(row["b64"]), 1) == []
    assert feed.receive(BUILT["heartbeat"], 1) == []
    assert feed.unreadable == 0


@pytest.mark.parametrize(
    ("name", "status", "kind", "tif"),
    [
        ("order-new-v1", OrderStatus.ACKED, OrderType.LIMIT, TimeInForce.POST_ONLY),
        ("order-open-v2", OrderStatus.LIVE, OrderType.LIMIT, TimeInForce.POST_ONLY),
        ("order-open-partial-v2", OrderStatus.PARTIAL, OrderType.LIMIT, TimeInForce.GTC),
        ("order-closed-filled-v2", OrderStatus.FILLED, OrderType.MARKET, TimeInForce.IOC),
        ("order-closed-user-cancel-v2", OrderStatus.CANCELED, OrderType.LIMIT, TimeInForce.GTC),
        ("order-untriggered-stop-loss-v2", OrderStatus.ARMED, OrderType.STOP, TimeInForce.GTC),
        ("order-modify-success-v2", OrderStatus.LIVE, OrderType.LIMIT, TimeInForce.GTC),
    ],
)
def test_orders_of_both_encodings_say_the_same(name: str, status: OrderStatus, kind: OrderType, tif: TimeInForce) -> None:
    feed = private()
    [event] = feed.receive(BUILT[name], 1)
    assert isinstance(event, OrderChanged)
    report = event.report
    assert (report.status, report.type, report.tif) == (status, kind, tif)
    assert report.at_ns == 1_791_427_988_294_990_000
    told = next(row["fields"] for row in payload("sbe-handbuilt.jsonl") if row["name"] == name)
    spelled = {key: "" if value is None else value for key, value in told.items()}
    spelled |= {"last_updated_at": 1_791_427_988_294, "created_at": 1_791_427_988_286, "seq_no": told["seq"]}
    for key in [key for key in spelled if key.endswith("_us")]:
        del spelled[key]
    message = {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": "orders.ALL", "data": spelled}}
    [text] = feed.receive(orjson.dumps(message), 1)
    assert isinstance(text, OrderChanged)
    same = ("status", "side", "type", "qty", "filled", "price", "trigger_price", "tif", "reduce_only", "reason", "client_id")
    for field in same:
        assert getattr(text.report, field) == getattr(report, field), field


def test_fills_positions_and_the_account() -> None:
    feed = private()
    [maker] = feed.receive(BUILT["fill-maker-v1"], 1)
    [taker] = feed.receive(BUILT["fill-taker-close-v2"], 1)
    assert isinstance(maker, OrderFilled)
    assert isinstance(taker, OrderFilled)
    assert (maker.fill.fee, maker.fill.liquidity, maker.fill.realised) == (Decimal("-0.0031"), Liquidity.MAKER, 0)
    assert (taker.fill.realised, taker.fill.side, taker.fill.price) == (Decimal("3.5"), Side.SELL, Decimal("83420.1"))
    [event] = feed.receive(BUILT["position-long-v2"], 1)
    assert isinstance(event, PositionChanged)
    position = event.position
    assert (position.side, position.qty, position.entry) == (Side.BUY, Decimal("0.15"), Decimal("83000.5"))
    assert (position.liquidation, position.funding) == (Decimal(41000), Decimal("0.5"))
    [event] = feed.receive(BUILT["account-v1"], 1)
    assert isinstance(event, BalanceChanged)
    assert (event.balance.total, event.balance.free) == (Decimal("100000.5"), Decimal("87550.25"))
    for method in ("handle_order", "handle_my_trade", "handle_positions", "handle_balance"):
        [event] = feed.receive(orjson.dumps(ccxt_sample(method, "ws")), 1)
        assert not isinstance(event, Unreadable), method


def test_a_book_follows_its_increments_and_stops_at_a_gap() -> None:
    feed, book = public(), Book(assumed("SOL-USD-PERP"))
    for name in ("book-1-snapshot", "book-2-delta-change", "book-3-delta-remove-insert"):
        [event] = feed.receive(BUILT[name], 1)
        book.snapshot(event) if isinstance(event, BookSnapshot) else book.apply(event)  # type: ignore[arg-type]
    assert book.is_live
    assert book.bids() == [(Decimal("160.11"), Decimal("1.25")), (Decimal("160.1"), Decimal(8)), (Decimal("159.9"), Decimal(100))]
    assert book.asks(2) == [(Decimal("160.13"), Decimal(2)), (Decimal("160.2"), Decimal("7.25"))]
    assert feed.receive(BUILT["book-3-delta-remove-insert"], 1) == [], "what was applied is not applied again"
    [gap] = feed.receive(book_frame(1_004, [], []), 1)
    assert isinstance(gap, Unreadable)
    assert gap.instrument == InstrumentId("paradex", "SOL-USD-PERP")
    assert "from 1002 to 1004" in gap.reason
    assert feed.receive(book_frame(1_005, [], []), 1) == [], "nothing more until a snapshot"
    [healed] = feed.receive(book_frame(1_010, [(10**10, 10**8)], [], snapshot=True), 1)
    assert isinstance(healed, BookSnapshot)


def test_a_book_in_json_is_read_as_well() -> None:
    feed = public()
    message = ccxt_sample("handle_order_book", "ws")
    [event] = feed.receive(orjson.dumps(message), 1)
    assert isinstance(event, BookSnapshot)
    assert (event.sequence, list(event.bids), list(event.asks)) == (14127815, [("67629.7", "0.992")], [("69378.6", "3.137")])
    data = message["params"]["data"]
    data |= {"seq_no": 14127816, "update_type": "d", "inserts": [], "deletes": [{"side": "BUY", "price": "67629.7", "size": "0"}]}
    [event] = feed.receive(orjson.dumps(message), 1)
    assert isinstance(event, BookDelta)
    assert list(event.bids) == [("67629.7", "0")]


def test_a_frame_that_may_have_been_a_book_is_a_doubt_of_every_book() -> None:
    feed = public()
    feed.receive(book_frame(1, [(10**10, 10**8)], [], snapshot=True), 1)
    events = feed.receive(book_frame(2, [(10**10, 10**8)], [])[:-20], 1)
    assert [event.instrument for event in events if isinstance(event, Unreadable)] == [InstrumentId("paradex", "SOL-USD-PERP")]
    assert feed.receive(book_frame(3, [], []), 1) == []
    feed.receive(book_frame(9, [(10**10, 10**8)], [], snapshot=True), 1)
    [event] = feed.receive(BUILT["bbo"][:30], 1)
    assert isinstance(event, Unreadable)
    assert event.instrument is None, "a frame that is certainly of another kind doubts no book"


def test_a_spoiled_stream_never_makes_a_wrong_book() -> None:
    """Frames are lost, doubled, cut and spoiled: a book that says it is live is the one that was sent at its sequence."""
    rng = random.Random(3)
    for _ in range(12):
        feed, book = public(), Book(assumed("SOL-USD-PERP"))
        truth: dict[int, dict[int, int]] = {}
        levels: dict[int, int] = {}
        sequence = 100
        for _ in range(250):
            sequence += 1
            fresh = sequence == 101 or rng.random() < 0.04
            changed = [(rng.randrange(90, 100) * 10**8, rng.choice((0, rng.randrange(1, 9) * 10**6))) for _ in range(3)]
            levels = {price: size for price, size in (levels | dict(changed)).items() if size}
            truth[sequence] = dict(levels)
            sent = sorted(levels.items()) if fresh else list(dict(changed).items())
            frame = book_frame(sequence, sent, [(200 * 10**8, 10**8)] if fresh else [], snapshot=fresh)
            frames = [frame]
            fate = rng.random()
            if fate < 0.03:
                frames = []
            elif fate < 0.06:
                frames = [frame, frame]
            elif fate < 0.09:
                frames = [frame[: rng.randrange(len(frame))]]
            for each in frames:
                apply(book, feed.receive(each, 1))
            if book.is_live:
                held = {int(price * 10**8): int(size * 10**8) for price, size in book.bids()}
                assert held == truth[book.sequence]


def apply(book: Book, events: list[Event]) -> None:
    for event in events:
        match event:
            case BookSnapshot():
                book.snapshot(event)
            case BookDelta():
                book.apply(event)
            case Unreadable(instrument=InstrumentId()):
                book.doubt(event.reason)


def test_spoiled_frames_of_every_kind_raise_nothing() -> None:
    rng = random.Random(5)
    frames = [*BUILT.values(), *(orjson.dumps(row["data"]) for row in payload("ccxt_source_samples.json") if row["kind"] == "ws")]
    for lane in (public(), private()):
        for _ in range(3_000):
            frame = bytearray(rng.choice(frames))
            for _ in range(rng.randrange(1, 4)):
                frame[rng.randrange(len(frame))] = rng.randrange(256)
            for event in lane.receive(bytes(frame[: rng.randrange(1, len(frame) + 1)]), 1):
                assert isinstance(event, Event)
