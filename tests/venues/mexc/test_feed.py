"""The feed: every recorded and documented frame is read to asserted values, and what it asks is what the documentation says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import orjson
import pytest

from tests.venues.mexc.conftest import CONTRACTS, ENCODE, load
from tui_trader.core.book import Book
from tui_trader.core.candle import Candle
from tui_trader.core.event import (
    BalanceChanged,
    BookSnapshot,
    CandlesChanged,
    OrderChanged,
    OrderFilled,
    PongReceived,
    PositionChanged,
    PositionModeTold,
    Subscribed,
    TickerChanged,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, OrderStatus, OrderType, PositionMode, PositionSide, Side, TriggerSource
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Channel, Credential, Lane, Subscription
from tui_trader.venues.mexc.feed import MexcFeed

NOW = 1_700_000_000_000_000_000
BTC = InstrumentId("mexc", "BTC_USDT")
Ws = Callable[[str], list[bytes]]
Recorded = Callable[..., Any]


def receive(feed: MexcFeed, message: Any) -> list[Any]:
    return feed.receive(message if isinstance(message, bytes) else ENCODE(message), NOW)


class TestMarket:
    """Public frames."""

    def test_the_documented_book(self, feed: MexcFeed, ws: Ws) -> None:
        granted, push = ws("PartialBook")
        assert receive(feed, granted) == [Subscribed("mexc", Lane.PUBLIC, 0, True)]
        [event] = receive(feed, push)
        assert event == BookSnapshot(BTC, [], [(D("6859.5"), D("0.3251"))], 96801927, 20, 1587442022003 * 10**6)

    def test_numbers_of_a_recorded_frame_are_exact(self, feed: MexcFeed) -> None:
        """The level is of a frame of May 2025: an exponent in the price, thirty decimals in the volume."""
        frame = (
            b'{"symbol":"BTC_USDT","data":{"version":25133684088,"bids":'
            b'[[9.75E+4,25329.000000000000000000000000000000,58]],"asks":[]},"channel":"push.depth.full","ts":1747000000000}'
        )
        [event] = receive(feed, frame)
        book = Book(CONTRACTS[0])
        book.snapshot(event)
        assert book.bids() == [(D(97500), D("2.5329"))]
        assert book.is_live

    def test_an_older_book_does_not_replace_a_newer(self, feed: MexcFeed) -> None:
        def frame(version: int, price: int) -> dict[str, Any]:
            data = {"version": version, "bids": [[price, 1, 1]], "asks": []}
            return {"symbol": "BTC_USDT", "data": data, "channel": "push.depth.full", "ts": 1}

        book = Book(CONTRACTS[0])
        for version, price in ((5, 100), (4, 99), (6, 101)):
            for event in receive(feed, frame(version, price)):
                book.snapshot(event)
        assert book.best_bid == D(101)

    def test_a_book_that_cannot_be_read_is_doubted(self, feed: MexcFeed) -> None:
        for levels in ([[1]], [["x", "y", 1]], 7, [{}]):
            data = {"version": 1, "bids": levels, "asks": []}
            message = {"symbol": "BTC_USDT", "data": data, "channel": "push.depth.full"}
            [event] = receive(feed, message)
            assert isinstance(event, Unreadable)
            assert event.instrument == BTC

    def test_a_frame_that_says_not_what_it_is_is_a_doubt_of_every_book(self, feed: MexcFeed, ws: Ws) -> None:
        cut = ws("PartialBook")[1][:-9]
        [before] = receive(feed, cut)
        assert (type(before), before.instrument) == (Unreadable, None)
        receive(feed, ws("PartialBook")[1])
        [after] = receive(feed, cut)
        assert (type(after), after.instrument) == (Unreadable, BTC)
        feed.reset()
        [anew] = receive(feed, cut)
        assert anew.instrument is None, "this connection has told of no book yet"

    def test_deals_in_a_list(self, feed: MexcFeed, ws: Ws, recorded: Recorded) -> None:
        _, push = ws("Trades")
        assert receive(feed, push) == [
            TradesPrinted(BTC, [Trade(1763645012047 * 10**6, Side.SELL, D("91847.4"), D("0.0049"))], False)
        ]
        [event] = receive(feed, recorded("handle_trades", "swap"))
        assert event.trades == [Trade(1760368563597 * 10**6, Side.SELL, D("114350.4"), D("0.0004"))]

    def test_a_deal_alone_and_an_order_that_is_turned(self, feed: MexcFeed) -> None:
        one = {"p": 115309.8, "v": 55, "T": 2, "O": 3, "M": 1, "t": 1755487578276}  # documented, newest first
        other = {"p": 115309.8, "v": 11, "T": 1, "O": 3, "M": 1, "t": 1755487578275}
        [alone] = receive(feed, {"symbol": "BTC_USDT", "data": one, "channel": "push.deal", "ts": 1755487578276})
        [both] = receive(feed, {"symbol": "BTC_USDT", "data": [one, other], "channel": "push.deal", "ts": 1755487578276})
        assert [trade.qty for trade in alone.trades] == [D("0.0055")]
        assert [trade.qty for trade in both.trades] == [D("0.0011"), D("0.0055")]

    def test_tickers(self, feed: MexcFeed, ws: Ws, recorded: Recorded) -> None:
        [event] = receive(feed, ws("Ticker")[1])
        assert event == TickerChanged(
            InstrumentId("mexc", "ETH_USDT"),
            1587442022003 * 10**6,
            last=D("6865.5"),
            mark=D("6867.4"),
            index=D("6861.6"),
            open_24h=D(7170),
            high_24h=D("7223.5"),
            low_24h=D(6756),
            volume_24h=D("1645861.29"),
            open_interest=D("22847.42"),
            funding_rate=D("0.0008"),
        )
        first, second = receive(feed, ws("Tickers")[1])
        assert (first.instrument.symbol, first.mark, second.last) == ("BSV_USDT", D("183.01"), D("220.4"))
        [eth] = receive(feed, recorded("handle_tickers", "swap"))
        assert (eth.mark, eth.turnover_24h) == (D("2324.32"), D("591752573.9792"))
        [btc] = receive(feed, recorded("handle_ticker", "swap"))
        assert (btc.volume_24h, btc.open_24h) == (D("96206.2810"), D("76422.6"))

    def test_prices_and_funding(self, feed: MexcFeed, ws: Ws, recorded: Recorded) -> None:
        at = 1587442022003 * 10**6
        assert receive(feed, ws("MarkPrice")[1]) == [TickerChanged(BTC, at, mark=D("0.001"))]
        assert receive(feed, ws("IndexPrice")[1]) == [TickerChanged(BTC, at, index=D("0.001"))]
        assert receive(feed, ws("FundingRate")[1]) == [TickerChanged(BTC, at, funding_rate=D("0.001"))]
        [told] = receive(feed, recorded("handle_funding_rate"))
        assert (told.funding_rate, told.next_funding_ns) == (D("-0.000021"), 1771084800000 * 10**6)

    def test_bars(self, feed: MexcFeed, ws: Ws, recorded: Recorded) -> None:
        [hour] = receive(feed, ws("Klines")[1])
        assert hour == CandlesChanged(
            BTC,
            [Candle(1587448800, 3600, D("6894.5"), D("6910.5"), D(6885), D(6885), D("161.1754"), D("233.74026934364474"))],
            False,
        )
        [minute] = receive(feed, recorded("handle_ohlcv", "swap"))
        assert (minute.candles[0].interval_s, minute.candles[0].volume) == (60, D("8.3808"))


class TestAccount:
    """Private frames."""

    def test_an_order(self, private: MexcFeed, ws: Ws) -> None:
        *_, push = ws("Order")
        [event] = receive(private, push)
        report = event.report
        assert (report.client_id, report.venue_id) == ("_m_95bc2b72d3784bce8f9efecbdef9fe35", "102067003631907840")
        assert (report.status, report.type, report.side) == (OrderStatus.FILLED, OrderType.MARKET, Side.SELL)
        assert (report.qty, report.filled, report.filled_value) == (D(1), D(1), D("0.731"))
        assert (report.reduce_only, report.sequence, report.at_ns) == (True, 2, 1610005069983 * 10**6)
        assert not event.replayed

    def test_legs_in_hedge_mode(self, private: MexcFeed, ws: Ws) -> None:
        private.take_mode(PositionMode.HEDGED)
        [event] = receive(private, ws("Order")[-1])
        assert event.report.position_side is PositionSide.LONG

    def test_nothing_is_read_before_the_mode_is_known(self, ws: Ws) -> None:
        feed = MexcFeed(Lane.PRIVATE)
        feed.list_instruments(CONTRACTS)
        assert receive(feed, ws("Order")[-1]) == []
        [event] = receive(feed, ws("PositionMode")[-1])
        assert event == PositionModeTold("mexc", PositionMode.ONE_WAY)
        [told] = receive(feed, ws("Order")[-1])
        assert isinstance(told, OrderChanged)

    def test_a_trigger_order(self, private: MexcFeed, ws: Ws) -> None:
        [event] = receive(private, ws("PlanOrder")[-1])
        report = event.report
        assert (report.venue_id, report.status, report.type) == ("plan-987654321", OrderStatus.ARMED, OrderType.STOP_LIMIT)
        assert (report.trigger_price, report.price, report.qty) == (D(46000), D(45990), D("0.0005"))
        assert (report.trigger_source, report.position_side) == (TriggerSource.LAST, PositionSide.LONG)

    def test_money(self, private: MexcFeed, ws: Ws, recorded: Recorded) -> None:
        [event] = receive(private, ws("Balance")[-1])
        assert isinstance(event, BalanceChanged)
        assert (event.balance.total, event.balance.used, event.balance.at_ns) == (D("0.7514236"), D(0), 1610005070083 * 10**6)
        [real] = receive(private, recorded("handle_balance", "swap balance"))
        assert (real.balance.total, real.balance.used) == (D("68.6121258948"), D("1.36945756"))

    def test_a_position_that_ends(self, private: MexcFeed) -> None:
        row = {  # documented sample
            "autoAddIm": False,
            "closeAvgPrice": 0.731,
            "closeVol": 1,
            "frozenVol": 0,
            "holdAvgPrice": 0.736,
            "holdFee": 0,
            "holdVol": 0,
            "im": 0,
            "leverage": 15,
            "liquidatePrice": 0,
            "oim": 0,
            "openAvgPrice": 0.736,
            "openType": 1,
            "positionId": 1397818,
            "positionType": 1,
            "realised": -0.0005,
            "state": 3,
            "symbol": "CRV_USDT",
        }
        [event] = receive(private, {"channel": "push.personal.position", "data": row, "ts": 1610005070157})
        assert isinstance(event, PositionChanged)
        assert (event.position.is_flat, event.position.leverage, event.position.at_ns) == (True, D(15), 1610005070157 * 10**6)

    def test_the_end_of_a_position_that_was_turned_over_does_not_hide_its_successor(self, private: MexcFeed) -> None:
        base = {"symbol": "BTC_USDT", "openType": 2, "leverage": 20, "holdAvgPrice": 50000}
        opened = {**base, "positionId": 2, "positionType": 2, "state": 1, "holdVol": 5}
        ended = {**base, "positionId": 1, "positionType": 1, "state": 3, "holdVol": 0}

        def push(row: dict[str, Any]) -> list[Any]:
            return receive(private, {"channel": "push.personal.position", "data": row, "ts": 10})

        [event] = push(opened)
        assert (event.position.side, event.position.qty) == (Side.SELL, D("0.0005"))
        assert push(ended) == []
        [flat] = push({**opened, "state": 3, "holdVol": 0})
        assert flat.position.is_flat

    def test_a_fill(self, private: MexcFeed) -> None:
        row = {  # fields as a client of 2026 reads them; values made up
            "id": 42,
            "symbol": "BTC_USDT",
            "side": 3,
            "vol": 7,
            "price": 50000.5,
            "feeCurrency": "USDT",
            "fee": 0.01,
            "timestamp": 1700000000123,
            "profit": 0,
            "isTaker": False,
            "category": 1,
            "orderId": 2**60,
            "externalOid": "tt-x",
            "positionMode": 2,
        }
        [event] = receive(private, {"channel": "push.personal.order.deal", "data": row, "ts": 1})
        assert isinstance(event, OrderFilled)
        assert (event.fill.venue_id, event.fill.qty, event.fill.side) == (str(2**60), D("0.0007"), Side.SELL)

    @pytest.mark.parametrize("name", ["ChaseFail", "LeverageMode", "ReversePosition", "TpSlPrice"])
    def test_what_is_not_asked_for_is_counted(self, private: MexcFeed, ws: Ws, name: str) -> None:
        assert receive(private, ws(name)[-1]) == []
        assert private.ignored == 1

    def test_a_row_that_cannot_be_read_says_so(self, private: MexcFeed) -> None:
        [event] = receive(private, {"channel": "push.personal.order", "data": {"symbol": "BTC_USDT"}, "ts": 1})
        assert isinstance(event, Unreadable)


class TestConversation:
    """What is asked, and what counts as an answer."""

    def test_login_then_filter(self) -> None:
        feed = MexcFeed(Lane.PRIVATE, Credential("key", Secret("secret")))
        [login] = feed.login(NOW)
        assert orjson.loads(login)["method"] == "login"
        assert receive(feed, load("mexcnet_ws.json")[0]["messages"][1]["msg"]) == [
            Subscribed("mexc", Lane.PRIVATE, 0, True, "", True)
        ]
        [wanted] = feed.subscribe([Subscription(Channel.ACCOUNT)])
        told = orjson.loads(wanted)
        assert told["method"] == "personal.filter"
        assert [one["filter"] for one in told["param"]["filters"]] == [
            "order",
            "order.deal",
            "position",
            "asset",
            "plan.order",
            "stop.planorder",
            "track.order",
        ]
        assert receive(feed, {"channel": "rs.personal.filter", "data": "success"}) == [Subscribed("mexc", Lane.PRIVATE, 0, True)]

    def test_a_login_that_is_refused(self) -> None:
        feed = MexcFeed(Lane.PRIVATE, Credential("key", Secret("secret")))
        feed.login(NOW)
        [event] = receive(feed, {"channel": "rs.error", "data": "Login failed"})
        assert (event.ok, event.is_login, event.reason) == (False, True, "Login failed")

    def test_a_subscription_that_is_refused(self, feed: MexcFeed) -> None:
        [event] = receive(feed, {"channel": "rs.error", "data": "Contract doesn't exist!", "ts": "1587442022003"})
        assert (event.ok, event.is_login, event.reason) == (False, False, "Contract doesn't exist!")

    def test_frames_are_those_of_the_documentation(self, feed: MexcFeed) -> None:
        frames = feed.subscribe(
            [
                Subscription(Channel.BOOK, BTC),
                Subscription(Channel.TRADES, BTC),
                Subscription(Channel.TICKER),
                Subscription(Channel.CANDLES, BTC, 3600),
            ]
        )
        assert [orjson.loads(frame) for frame in frames] == [
            {"method": "sub.depth.full", "param": {"symbol": "BTC_USDT", "limit": 20}},
            {"method": "sub.deal", "param": {"symbol": "BTC_USDT"}},
            {"method": "sub.ticker", "param": {"symbol": "BTC_USDT"}},
            {"method": "sub.tickers", "param": {}},
            {"method": "sub.kline", "param": {"symbol": "BTC_USDT", "interval": "Min60"}},
        ]

    def test_the_end_of_a_book_is_spelled_both_ways(self, feed: MexcFeed) -> None:
        frames = feed.unsubscribe([Subscription(Channel.BOOK, BTC)], [])
        assert [orjson.loads(frame)["method"] for frame in frames] == ["unsub.depth.full", "usub.depth.full"]

    def test_bars_end_together_and_the_others_begin_again(self, feed: MexcFeed) -> None:
        minute, hour = Subscription(Channel.CANDLES, BTC, 60), Subscription(Channel.CANDLES, BTC, 3600)
        frames = [orjson.loads(frame) for frame in feed.unsubscribe([minute], [hour])]
        assert [(f["method"], f["param"]["interval"]) for f in frames] == [("unsub.kline", "Min1"), ("sub.kline", "Min60")]

    def test_heartbeat(self, feed: MexcFeed) -> None:
        assert feed.heartbeat() == [b'{"method":"ping"}']
        assert receive(feed, {"channel": "pong", "data": 1587453241453}) == [PongReceived("mexc", Lane.PUBLIC, NOW)]

    @pytest.mark.parametrize("frame", [b"", b"{", b"[]", b"7", b'{"data":1}', b"\xff\xfe", b'{"channel":5}'])
    def test_junk(self, feed: MexcFeed, frame: bytes) -> None:
        [event] = receive(feed, frame)
        assert isinstance(event, Unreadable)


def test_every_documented_conversation_is_read_here() -> None:
    from pathlib import Path

    source = Path(__file__).read_text()
    for row in load("mexcnet_ws.json"):
        if row["name"] != "Book":  # increments are not subscribed to: the whole book comes each time
            assert f'"{row["name"]}"' in source, row["name"]
