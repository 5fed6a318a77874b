"""The public feed as transcripts: what it sends, what it gets, what it makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tui_trader.core.candle import Candle
from tui_trader.core.event import (
    BookDelta,
    BookSnapshot,
    CandlesChanged,
    PongReceived,
    Subscribed,
    TickerChanged,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.instrument import Instrument
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, Side
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Channel, Credential, Lane, Subscription
from tui_trader.venues.phemex.feed import PhemexFeed

D = Decimal
NOW = 1_764_824_672_000_000_000


def iid(symbol: str) -> InstrumentId:
    return InstrumentId("phemex", symbol)


def sent(frames: list[bytes]) -> list[list[Any]]:
    """Return frames as [id, method, params]."""
    return [[frame["id"], frame["method"], frame["params"]] for frame in map(json.loads, frames)]


BOOK = Subscription(Channel.BOOK, iid("BTCUSDT"))
TRADES = Subscription(Channel.TRADES, iid("BTCUSDT"))
MINUTES = Subscription(Channel.CANDLES, iid("BTCUSDT"), interval_s=60)
HOURS = Subscription(Channel.CANDLES, iid("BTCUSDT"), interval_s=3600)


class TestRequests:
    def test_subscriptions(self, feed: PhemexFeed) -> None:
        wanted = [BOOK, TRADES, MINUTES, Subscription(Channel.TICKER), Subscription(Channel.ACCOUNT)]
        assert sent(feed.subscribe(wanted)) == [
            [1, "orderbook_p.subscribe", ["BTCUSDT", False, 30]],
            [2, "trade_p.subscribe", ["BTCUSDT"]],
            [3, "kline_p.subscribe", ["BTCUSDT", 60]],
            [4, "perp_market24h_pack_p.subscribe", []],
            [5, "aop_p.subscribe", []],
        ]

    def test_the_older_family_has_no_suffix(self, legacy_2021: list[Instrument]) -> None:
        feed = PhemexFeed(Lane.PUBLIC)
        feed.list_instruments(legacy_2021)
        frames = feed.subscribe([Subscription(Channel.BOOK, iid("BTCUSD")), Subscription(Channel.TRADES, iid("sBCHUSDT"))])
        assert [frame[1] for frame in sent(frames)] == ["orderbook.subscribe", "trade.subscribe"]

    def test_books_are_left_together_and_the_rest_started_again(self, feed: PhemexFeed) -> None:
        other = Subscription(Channel.BOOK, iid("ETHUSDT"))
        feed.subscribe([BOOK, other])
        assert sent(feed.unsubscribe([BOOK], [other, TRADES])) == [
            [3, "orderbook_p.unsubscribe", []],
            [4, "orderbook_p.subscribe", ["ETHUSDT", False, 30]],
        ]

    def test_late_frames_of_a_book_that_was_left_are_dropped(self, feed: PhemexFeed, live: Callable[[str, str], bytes]) -> None:
        frame = live("ws_orderbook_p", "incremental")
        assert len(feed.receive(frame, NOW)) == 1
        feed.unsubscribe([BOOK], [])
        assert feed.receive(frame, NOW) == []
        feed.subscribe([BOOK])
        assert len(feed.receive(frame, NOW)) == 1

    def test_candles_of_a_symbol_are_left_together(self, feed: PhemexFeed) -> None:
        assert sent(feed.unsubscribe([MINUTES], [HOURS, BOOK])) == [
            [1, "kline_p.unsubscribe", ["BTCUSDT"]],
            [2, "kline_p.subscribe", ["BTCUSDT", 3600]],
        ]

    def test_trades_are_left_alone(self, feed: PhemexFeed) -> None:
        assert sent(feed.unsubscribe([TRADES], [BOOK])) == [[1, "trade_p.unsubscribe", ["BTCUSDT"]]]


class TestReplies:
    def test_heartbeat_and_its_answer(self, feed: PhemexFeed) -> None:
        assert sent(feed.heartbeat()) == [[1, "server.ping", []]]
        assert feed.receive(b'{"error":null,"id":1,"result":"pong"}', NOW) == [PongReceived("phemex", "public", NOW)]

    def test_subscription_confirmed(self, feed: PhemexFeed) -> None:
        feed.subscribe([BOOK])
        assert feed.receive(b'{"error":null,"id":1,"result":{"status":"success"}}', NOW) == [
            Subscribed("phemex", "public", 1, True)
        ]

    def test_subscription_refused(self, feed: PhemexFeed) -> None:
        frame = b'{"error":{"code":6001,"message":"invalid argument"},"id":7,"result":null}'
        reason = "the venue calls an argument of the request invalid (invalid argument)"
        assert feed.receive(frame, NOW) == [Subscribed("phemex", "public", 7, False, reason)]

    def test_risk_subscription_is_answered_misspelt(self, feed: PhemexFeed) -> None:
        [event] = feed.receive(b'{"error":null,"id":9,"result":{"stauts":"success"}}', NOW)
        assert event == Subscribed("phemex", "public", 9, True)

    def test_login_accepted(self) -> None:
        feed = PhemexFeed(Lane.PRIVATE, Credential("K", Secret("S")))
        feed.login(NOW)
        [event] = feed.receive(b'{"error":null,"id":1,"result":{"status":"success"}}', NOW)
        assert event == Subscribed("phemex", "private", 1, True, is_login=True)

    def test_login_refused_without_an_id(self) -> None:
        feed = PhemexFeed(Lane.PRIVATE, Credential("K", Secret("S")))
        feed.login(NOW)
        frame = b'{"error":{"code":6012,"message":"invalid login token"},"id":null,"result":null}'
        reason = "invalid login token (code 6012)"
        assert feed.receive(frame, NOW) == [Subscribed("phemex", "private", 0, False, reason, is_login=True)]

    def test_the_account_is_granted_once_it_was_told(self) -> None:
        feed = PhemexFeed(Lane.PRIVATE, Credential("K", Secret("S")))
        feed.subscribe([Subscription(Channel.ACCOUNT)])
        granted = Subscribed("phemex", "private", 1, True)
        assert feed.receive(b'{"error":null,"id":1,"result":{"status":"success"}}', NOW) == []
        assert feed.receive(b'{"error":null,"id":2,"result":"pong"}', NOW) == [PongReceived("phemex", "private", NOW)]
        snapshot = b'{"accounts_p":[],"orders_p":[],"positions_p":[],"sequence":1,"timestamp":1,"type":"snapshot","version":0}'
        assert feed.receive(snapshot, NOW) == [granted]
        assert feed.receive(snapshot, NOW) == []

    def test_an_account_that_is_told_before_it_is_granted_is_not_waited_for(self) -> None:
        feed = PhemexFeed(Lane.PRIVATE, Credential("K", Secret("S")))
        feed.subscribe([Subscription(Channel.ACCOUNT)])
        feed.receive(b'{"accounts_p":[],"sequence":1,"timestamp":1,"type":"snapshot"}', NOW)
        [event] = feed.receive(b'{"error":null,"id":1,"result":{"status":"success"}}', NOW)
        assert event == Subscribed("phemex", "private", 1, True)

    def test_a_refused_account_is_told_at_once_and_a_new_connection_waits_anew(self) -> None:
        feed = PhemexFeed(Lane.PRIVATE, Credential("K", Secret("S")))
        feed.subscribe([Subscription(Channel.ACCOUNT)])
        [event] = feed.receive(b'{"error":{"code":6001,"message":"x"},"id":1,"result":null}', NOW)
        assert isinstance(event, Subscribed)
        assert not event.ok
        feed.subscribe([Subscription(Channel.ACCOUNT)])
        assert feed.receive(b'{"error":null,"id":2,"result":{"status":"success"}}', NOW) == []
        feed.reset()
        assert feed.receive(b'{"accounts_p":[],"sequence":1,"timestamp":1,"type":"snapshot"}', NOW) == []

    def test_reset_forgets_what_was_asked(self) -> None:
        feed = PhemexFeed(Lane.PRIVATE, Credential("K", Secret("S")))
        feed.login(NOW)
        feed.reset()
        [event] = feed.receive(b'{"error":null,"id":1,"result":{"status":"success"}}', NOW)
        assert event == Subscribed("phemex", "private", 1, True, is_login=False)


class TestCapturedFrames:
    """Every market frame captured in 2025, to the last digit."""

    def test_book_snapshot(self, feed: PhemexFeed, live: Callable[[str, str], bytes]) -> None:
        [event] = feed.receive(live("ws_orderbook_p", "snapshot"), NOW)
        assert event == BookSnapshot(
            instrument=iid("BTCUSDC"),
            bids=[("93277.8", "0.0692"), ("93271.9", "2.722"), ("92973.8", "2.567"), ("92966.5", "1.767")],
            asks=[("93277.9", "0.0084"), ("93286.5", "0.049"), ("93596.9", "1.842"), ("93644.4", "1.969")],
            sequence=7439467592,
            depth=30,
            at_ns=1764824671508301786,
        )

    def test_book_increment(self, feed: PhemexFeed, live: Callable[[str, str], bytes]) -> None:
        [event] = feed.receive(live("ws_orderbook_p", "incremental"), NOW)
        assert type(event) is BookDelta
        assert event == BookDelta(iid("BTCUSDT"), [("93237.3", "0.3755")], [], 50908054005, 30, 1764824672042451839)

    def test_books_of_scaled_integers(self, feed: PhemexFeed, live: Callable[[str, str], bytes]) -> None:
        [event] = feed.receive(live("ws_orderbook", "snapshot"), NOW)
        assert isinstance(event, BookSnapshot)
        assert (event.instrument, event.asks[0], event.bids[-1]) == (iid("BTCUSD"), (1094473000, 1307083), (1094251000, 1))
        [event] = feed.receive(live("ws_orderbook", "incremental"), NOW)
        levels = [(399734000000, 0), (398573000000, 40000)]
        assert event == BookDelta(iid("sETHUSDT"), levels, [], 38514847027, 30, 1759033283091421157)

    def test_trades_leave_oldest_first(self, feed: PhemexFeed, live: Callable[[str, str], bytes]) -> None:
        assert feed.receive(live("ws_trade_p", "snapshot"), NOW) == [
            TradesPrinted(
                iid("BTCUSDC"),
                [
                    Trade(1764821929539054805, Side.SELL, D("93418.2"), D("0.006")),
                    Trade(1764824662350987242, Side.BUY, D("93284"), D("0.007")),
                ],
                True,
            )
        ]

    def test_trades_of_one_instant(self, feed: PhemexFeed, live: Callable[[str, str], bytes]) -> None:
        at_ns = 1764824672778886833
        assert feed.receive(live("ws_trade_p", "incremental"), NOW) == [
            TradesPrinted(
                iid("APTUSDT"),
                [Trade(at_ns, Side.BUY, D("2.008"), D("266.1")), Trade(at_ns, Side.BUY, D("2.008"), D("247.7"))],
                False,
            )
        ]

    def test_ticker(self, feed: PhemexFeed, live: Callable[[str, str], bytes]) -> None:
        assert feed.receive(live("ws_market24h_p", "usd_m_simple"), NOW) == [
            TickerChanged(
                iid("BTCUSDC"),
                1763380521025768914,
                last=D("95466"),
                mark=D("95472.2"),
                index=D("95510.92042366"),
                open_24h=D("95498.6"),
                high_24h=D("95922.3"),
                low_24h=D("92860.3"),
                volume_24h=D("1183.2525"),
                turnover_24h=D("112081258.89864"),
                open_interest=D("96.3639"),
                funding_rate=D("-0.00000599"),
            )
        ]

    def test_candle_brings_its_scales(self, feed: PhemexFeed, live: Callable[[str, str], bytes]) -> None:
        assert feed.receive(live("ws_kline", "incremental"), NOW) == [
            CandlesChanged(
                iid("sPUMPBTCUSDT"),
                [
                    Candle(
                        1759040820,
                        60,
                        D("0.06468"),
                        D("0.06483"),
                        D("0.06468"),
                        D("0.06483"),
                        D("2693.887"),
                        D("174.38876605"),
                    )
                ],
                False,
            )
        ]


class TestTables:
    COLUMNS = '["symbol","openRp","highRp","lowRp","lastRp","volumeRq","turnoverRv","openInterestRv","indexRp","markRp"]'
    ROW = '["BTCUSDT","20614.5","21628.4","19258.6","20626.3","8819.819","182892627.4297","0","20641.8167574","20643.52572781"]'

    def frame(self, fields: str, rows: str, kind: str) -> bytes:
        head = f'"fields":{fields},' if fields else ""
        tail = f'"method":"perp_market24h_pack_p.update","timestamp":1666862556850547000,"type":"{kind}"'
        return f'{{"data":[{rows}],{head}{tail}}}'.encode()

    def test_columns_are_read_by_name_and_kept_for_increments(self, feed: PhemexFeed) -> None:
        [first] = feed.receive(self.frame(self.COLUMNS, self.ROW, "snapshot"), NOW)
        assert isinstance(first, TickerChanged)
        assert (first.last, first.mark, first.open_interest) == (D("20626.3"), D("20643.52572781"), D("0"))
        assert first.funding_rate is None
        [again] = feed.receive(self.frame("", self.ROW, "incremental"), NOW)
        assert again == first

    def test_columns_may_move_and_grow(self, feed: PhemexFeed) -> None:
        [event] = feed.receive(self.frame('["askRp","markRp","symbol"]', '["1","2.5","BTCUSDT"]', "snapshot"), NOW)
        assert event == TickerChanged(iid("BTCUSDT"), 1666862556850547000, mark=D("2.5"))

    def test_no_columns_yet(self, feed: PhemexFeed) -> None:
        [event] = feed.receive(self.frame("", self.ROW, "incremental"), NOW)
        assert isinstance(event, Unreadable)

    def test_reset_forgets_columns(self, feed: PhemexFeed) -> None:
        feed.receive(self.frame(self.COLUMNS, self.ROW, "snapshot"), NOW)
        feed.reset()
        [event] = feed.receive(self.frame("", self.ROW, "incremental"), NOW)
        assert isinstance(event, Unreadable)

    def test_one_bad_row_costs_itself(self, feed: PhemexFeed) -> None:
        rows = '["ETHUSDT","junk"],["BTCUSDT","1"],["a b","1"]'
        bad, good, worse = feed.receive(self.frame('["symbol","markRp"]', rows, "snapshot"), NOW)
        assert good == TickerChanged(iid("BTCUSDT"), 1666862556850547000, mark=D("1"))
        assert isinstance(bad, Unreadable)
        assert isinstance(worse, Unreadable)


class TestSeries:
    def test_mark_and_index_steps(self, feed: PhemexFeed) -> None:
        frame = b'{"tick_p":{"last":"20639.38692364","symbol":"%s","timestamp":1666863393552000000}}'
        assert feed.receive(frame % b".MBTCUSDT", NOW) == [
            TickerChanged(iid("BTCUSDT"), 1666863393552000000, mark=D("20639.38692364"))
        ]
        assert feed.receive(frame % b".BTCUSDT", NOW) == [
            TickerChanged(iid("BTCUSDT"), 1666863393552000000, index=D("20639.38692364"))
        ]
        assert feed.receive(frame % b".UNKNOWN", NOW) == []

    def test_older_frames(self, lines: Callable[[str], list[Any]], legacy_2021: list[Instrument]) -> None:
        feed = PhemexFeed(Lane.PUBLIC)
        feed.list_instruments(legacy_2021)
        events = [event for line in lines("docs_ws_samples_2019.jsonl") for event in feed.receive(msgspec.json.encode(line), NOW)]
        kinds = [type(event).__name__ for event in events]
        assert kinds == ["BookSnapshot", "BookDelta", "BookDelta", "Subscribed", *["TickerChanged"] * 3]
        # The documentation misspells ``timestamp`` here: the time of receipt stands in.
        assert events[4] == TickerChanged(iid("BTCUSD"), NOW, index=D("9338.5362"))

    def test_scaled_ticker(self, legacy_2021: list[Instrument]) -> None:
        feed = PhemexFeed(Lane.PUBLIC)
        feed.list_instruments(legacy_2021)
        frame = (
            b'{"market24h":{"close":87425000,"fundingRate":10000,"high":92080000,"indexPrice":87450676,"low":87130000,'
            b'"markPrice":87453092,"open":90710000,"openInterest":7821141,"predFundingRate":7609,"symbol":"BTCUSD",'
            b'"timestamp":1583646442444219017,"turnover":1399362834123,"volume":125287131},"timestamp":1576490244024818000}'
        )
        [event] = feed.receive(frame, NOW)
        assert isinstance(event, TickerChanged)
        assert (event.last, event.mark, event.funding_rate) == (D("8742.5"), D("8745.3092"), D("0.0001"))
        assert (event.turnover_24h, event.volume_24h) == (D("13993.62834123"), D("125287131"))

    def test_recorded_candles(self, lines: Callable[[str], list[Any]], legacy_2021: list[Instrument]) -> None:
        feed = PhemexFeed(Lane.PUBLIC)
        feed.list_instruments(legacy_2021)
        snapshots = 0
        for line in lines("ws_kline_2021.jsonl"):
            if line["dir"] == "sent" or "kline" not in line["msg"]:
                continue
            [event] = feed.receive(msgspec.json.encode(line["msg"]), NOW)
            assert isinstance(event, CandlesChanged)
            starts = [candle.start_s for candle in event.candles]
            assert starts == sorted(row[0] for row in line["msg"]["kline"])
            if event.snapshot and event.instrument.symbol == "XMRUSD":
                assert event.candles[-1] == Candle(
                    1625342220, 60, D("215.27"), D("215.27"), D("215.23"), D("215.23"), D(703), D("1513.2977")
                )
            snapshots += event.snapshot
        assert snapshots == 5


class TestNonsense:
    @pytest.mark.parametrize(
        "frame",
        [
            b'{"index_market24h":{"highEp":10009,"lastEp":10007,"symbol":".USDT"},"timestamp":1681496204104375396}',
            b'{"position_info":{"light":1,"symbol":"BTCUSDT"}}',
            b'{"something_new":{"a":1}}',
            b"{}",
        ],
    )
    def test_unknown_keys_are_counted_and_ignored(self, feed: PhemexFeed, frame: bytes) -> None:
        assert feed.receive(frame, NOW) == []
        assert feed.ignored == 1

    @pytest.mark.parametrize("frame", [b"", b"null", b"[]", b"\xff\xfe", b'{"depth":', b"[" * 100_000, b'{"depth":1e99}'])
    def test_malformed_frames_are_set_aside(self, feed: PhemexFeed, frame: bytes) -> None:
        [event] = feed.receive(frame, NOW)
        assert isinstance(event, Unreadable)
        assert len(event.sample) <= 128
        assert bytes.fromhex(event.sample) == frame[:64]
        assert feed.unreadable == 1

    @pytest.mark.parametrize(
        "levels",
        ['{"asks":[["1"]],"bids":[]}', '{"asks":null,"bids":[]}', '{"bids":[]}', '{"asks":5,"bids":[]}'],
    )
    def test_a_lost_increment_names_the_book_to_doubt(self, feed: PhemexFeed, levels: str) -> None:
        frame = f'{{"depth":30,"orderbook_p":{levels},"sequence":9,"symbol":"BTCUSDT","type":"incremental"}}'
        [event] = feed.receive(frame.encode(), NOW)
        assert isinstance(event, Unreadable)
        assert event.instrument == iid("BTCUSDT")

    @pytest.mark.parametrize("rest", ['"sequence":9,"type":"delta"', '"sequence":0,"type":"snapshot"', '"type":"incremental"'])
    def test_book_frames_of_no_use(self, feed: PhemexFeed, rest: str) -> None:
        frame = f'{{"orderbook_p":{{"asks":[],"bids":[]}},"symbol":"BTCUSDT",{rest}}}'
        [event] = feed.receive(frame.encode(), NOW)
        assert isinstance(event, Unreadable)
        assert event.instrument == iid("BTCUSDT")

    def test_a_symbol_is_checked_before_it_is_used(self, feed: PhemexFeed) -> None:
        frame = b'{"orderbook_p":{"asks":[],"bids":[]},"sequence":1,"symbol":"A\\u001b[5nB","type":"snapshot"}'
        [event] = feed.receive(frame, NOW)
        assert isinstance(event, Unreadable)
        assert event.instrument is None
        assert event.reason == "book of no symbol"

    def test_one_bad_trade_costs_itself(self, feed: PhemexFeed) -> None:
        rows = '[3,"Buy","1.5","2"],[2,"Buy",1.5,"NaN"],[2,"buy","1","1"],[2,"Buy","-1","1"],5,[1,"Sell",1e0,"0.5"]'
        frame = f'{{"sequence":1,"symbol":"BTCUSDT","trades_p":[{rows}],"type":"incremental"}}'
        printed, *bad = feed.receive(frame.encode(), NOW)
        assert printed == TradesPrinted(
            iid("BTCUSDT"), [Trade(1, Side.SELL, D(1), D("0.5")), Trade(3, Side.BUY, D("1.5"), D(2))], False
        )
        assert len(bad) == 4
        assert all(isinstance(event, Unreadable) for event in bad)

    def test_scaled_trades_of_an_unknown_contract_are_not_guessed(self, feed: PhemexFeed) -> None:
        [event] = feed.receive(b'{"symbol":"XUSD","trades":[[1,"Buy",15000,2]],"type":"incremental"}', NOW)
        assert isinstance(event, Unreadable)
        assert event.reason == "trades of XUSD: scales not known"


class TestUndecodableFrames:
    def test_a_frame_that_does_not_say_whose_book_it_was_doubts_every_book(self, feed: PhemexFeed) -> None:
        book = b'{"depth":30,"orderbook_p":{"asks":[],"bids":[["1","2"]]},"sequence":7,"symbol":"%s","type":"snapshot"}'
        for symbol in (b"BTCUSDT", b"ETHUSDT"):
            feed.receive(book % symbol, NOW)
        cut_short = (book % b"BTCUSDT")[:50]
        events = feed.receive(cut_short, NOW)
        assert [event.instrument for event in events if isinstance(event, Unreadable)] == [iid("BTCUSDT"), iid("ETHUSDT")]
        assert feed.unreadable == 1

    def test_one_that_does_doubts_that_book_alone(self, feed: PhemexFeed) -> None:
        book = b'{"depth":30,"orderbook_p":{"asks":[],"bids":[["1","2"]]},"sequence":7,"symbol":"%s","type":"snapshot"}'
        for symbol in (b"BTCUSDT", b"ETHUSDT"):
            feed.receive(book % symbol, NOW)
        [event] = feed.receive((book % b"ETHUSDT")[:-3], NOW)
        assert isinstance(event, Unreadable)
        assert event.instrument == iid("ETHUSDT")
