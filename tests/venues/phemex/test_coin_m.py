"""COIN-M through the same dialects: the exact text of every request, and what its answers and frames mean.

Samples of answers are those of the contract reference (COIN-M part) and of ccxt's comments; see payloads/README.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.venues.phemex.test_orders import line
from tui_trader.core.event import (
    BalanceChanged,
    BookSnapshot,
    FundingPaid,
    OrderChanged,
    OrderFilled,
    OrdersSnapshot,
    PongReceived,
    PositionsSnapshot,
    Subscribed,
    TickerChanged,
)
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    InstrumentId,
    MarginMode,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TriggerSource,
    VenueOrderId,
)
from tui_trader.venues.base import Channel, Credential, Lane, Outcome, Reply, Request, Subscription, Verdict
from tui_trader.venues.phemex.family import COIN_M, USD_M, Listing, family_of, to_scaled
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.orders import PhemexOrders
from tui_trader.venues.phemex.rows import Row
from tui_trader.venues.phemex.wire import decode_body

D = Decimal
BTCUSD = InstrumentId("phemex", "BTCUSD")
ETHUSD = InstrumentId("phemex", "ETHUSD")
TICKET = OrderTicket(ClientOrderId("tt-1"), BTCUSD, Side.BUY, OrderType.LIMIT, D("7.0"), price=D("9318.5"))
ORDER = Order(
    client_id=ClientOrderId("tt-1"),
    instrument=BTCUSD,
    side=Side.BUY,
    type=OrderType.LIMIT,
    qty=D(7),
    status=OrderStatus.LIVE,
    venue_id=VenueOrderId("ab90a08c-b728-4b6b-97c4-36fa497335bf"),
    price=D("9318.5"),
)


@pytest.fixture
def btcusd(legacy_2021: list[Instrument]) -> Instrument:
    return next(one for one in legacy_2021 if one.symbol == "BTCUSD")


@pytest.fixture
def both(legacy_2021: list[Instrument], btcusdt: Instrument) -> PhemexOrders:
    made = PhemexOrders()
    made.list_instruments([*legacy_2021, btcusdt])
    return made


@pytest.fixture
def sample(lines: Callable[[str], list[Any]]) -> Callable[[int], bytes]:
    rows = lines("docs_samples.jsonl")
    return lambda number: rows[number]["raw"].encode()


def ask(orders: PhemexOrders, request: Request, body: bytes) -> Verdict:
    return orders.parse(request, Reply(200, {}, body))


class TestRequests:
    def test_limit(self, both: PhemexOrders, btcusd: Instrument) -> None:
        assert line(both.place(TICKET, btcusd)) == (
            'POST /orders {"clOrdID":"tt-1","symbol":"BTCUSD","side":"Buy","ordType":"Limit","orderQty":7,'
            '"priceEp":93185000,"timeInForce":"GoodTillCancel"} [contract 1]'
        )

    def test_everything_at_once(self, both: PhemexOrders, btcusd: Instrument) -> None:
        ticket = replace(
            TICKET,
            side=Side.SELL,
            type=OrderType.STOP_LIMIT,
            trigger_price=D("9400.5"),
            trigger_source=TriggerSource.LAST,
            reduce_only=True,
            take_profit=D(9000),
            take_profit_source=TriggerSource.LAST,
            stop_loss=D("9500.5"),
        )
        assert line(both.place(ticket, btcusd)) == (
            'POST /orders {"clOrdID":"tt-1","symbol":"BTCUSD","side":"Sell","ordType":"StopLimit","orderQty":7,'
            '"priceEp":93185000,"stopPxEp":94005000,"triggerType":"ByLastPrice","timeInForce":"GoodTillCancel",'
            '"reduceOnly":true,"takeProfitEp":90000000,"tpTrigger":"ByLastPrice","stopLossEp":95005000,'
            '"slTrigger":"ByMarkPrice"} [contract 1]'
        )

    @pytest.mark.parametrize(
        ("activation", "word", "stop"), [(None, "TrailingStopPeg", 315000000), (D(34000), "TrailingTakeProfitPeg", 340000000)]
    )
    def test_trailing_is_the_documented_body(
        self, both: PhemexOrders, btcusd: Instrument, sample: Callable[[int], bytes], activation: D | None, word: str, stop: int
    ) -> None:
        ticket = OrderTicket(
            ClientOrderId("cl-order-id"),
            BTCUSD,
            Side.SELL,
            OrderType.TRAILING_STOP,
            D(0),
            close_on_trigger=True,
            trigger_price=D(31500),
            trigger_source=TriggerSource.LAST,
            trail=D(1000),
            activation_price=activation,
        )
        documented = json.loads(sample(8 if activation is None else 9))
        assert documented["stopPxEp"] == stop
        del documented["priceEp"]  # 0: none
        sent = json.loads(both.place(ticket, btcusd).body)
        assert sent == documented
        assert sent["pegPriceType"] == word

    @pytest.mark.parametrize(
        "changes",
        [
            {"qty": D("7.5")},
            {"price": D("9318.00005")},
            {"position_side": PositionSide.LONG},
            {"take_profit": D(9500), "take_profit_limit": D(9490)},
            {"stop_loss_limit": D(9490)},
            {"type": OrderType.TRAILING_STOP, "trigger_price": D(9000)},
            {"type": OrderType.TRAILING_STOP, "trail": D(10)},
        ],
    )
    def test_what_must_not_leave(self, both: PhemexOrders, btcusd: Instrument, changes: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"order|executes at the market"):
            both.place(replace(TICKET, **changes), btcusd)

    def test_changes_and_cancels(self, both: PhemexOrders, btcusd: Instrument) -> None:
        identity = "orderID=ab90a08c-b728-4b6b-97c4-36fa497335bf"
        amended = both.amend(ORDER, btcusd, qty=D(9), price=D("9319.5"), trigger=D(9000), take_profit=D(9600), stop_loss=D(0))
        assert line(amended) == (
            f"PUT /orders/replace?{identity}&symbol=BTCUSD&priceEp=93195000&orderQty=9&stopPxEp=90000000"
            "&takeProfitEp=96000000&stopLossEp=0 [contract 1]"
        )
        by_client = replace(ORDER, venue_id=VenueOrderId(""))
        assert both.amend(by_client, btcusd, trail=D(12)).query == "origClOrdID=tt-1&symbol=BTCUSD&pegOffsetValueEp=120000"
        assert line(both.cancel(ORDER)) == f"DELETE /orders/cancel?{identity}&symbol=BTCUSD [contract 1]"
        assert both.cancel(by_client).query == "clOrdID=tt-1&symbol=BTCUSD"
        assert [line(request) for request in both.cancel_all(BTCUSD)] == [
            "DELETE /orders/all?symbol=BTCUSD&untriggered=false [contract 3]",
            "DELETE /orders/all?symbol=BTCUSD&untriggered=true [contract 3]",
        ]

    def test_several_are_grouped_by_contract_leg_and_kind_of_id(self, both: PhemexOrders) -> None:
        usd_m = replace(ORDER, instrument=InstrumentId("phemex", "BTCUSDT"))
        short = replace(usd_m, position_side=PositionSide.SHORT, venue_id=VenueOrderId("c"))
        several = [
            replace(ORDER, venue_id=VenueOrderId("a")),
            usd_m,
            replace(ORDER, venue_id=VenueOrderId("b")),
            short,
            replace(ORDER, venue_id=VenueOrderId("")),
        ]
        assert [line(request) for request in both.cancel_several(several)] == [
            "DELETE /orders?orderID=a,b&symbol=BTCUSD [contract 1]",
            f"DELETE /g-orders?orderID={ORDER.venue_id}&posSide=Merged&symbol=BTCUSDT [contract 1]",
            "DELETE /g-orders?orderID=c&posSide=Short&symbol=BTCUSDT [contract 1]",
            "DELETE /orders?clOrdID=tt-1&symbol=BTCUSD [contract 1]",
        ]

    def test_reads(self, both: PhemexOrders) -> None:
        since = 1_700_000_000_123_456_789
        assert [
            line(request)
            for request in (
                both.open_orders(BTCUSD),
                both.order_by_id(ORDER),
                both.fills(BTCUSD, since),
                both.positions("BTC"),
                both.positions("USD"),
                both.book(BTCUSD),
            )
        ] == [
            "GET /orders/activeList?symbol=BTCUSD [contract 1]",
            "GET /exchange/order?clOrdID=tt-1&symbol=BTCUSD [other 1]",
            "GET /exchange/order/trade?symbol=BTCUSD&start=1700000000123&offset=0&limit=200 [other 1]",
            "GET /accounts/accountPositions?currency=BTC [contract 1]",
            "GET /accounts/accountPositions?currency=USD [contract 1]",
            "GET /md/orderbook?symbol=BTCUSD [other 1]",
        ]

    @pytest.mark.parametrize(("cross", "sign"), [(True, "-"), (False, "")])
    def test_leverage_is_one_scaled_number(self, both: PhemexOrders, cross: bool, sign: str) -> None:
        request = both.set_leverage(BTCUSD, D("12.5"), cross=cross, hedged=True)
        assert line(request) == f"PUT /positions/leverage?symbol=BTCUSD&leverageEr={sign}1250000000 [contract 1]"

    def test_a_symbol_that_is_not_listed_is_judged_by_its_end(self) -> None:
        listing = Listing()
        assert [listing.family(symbol) for symbol in ("BTCUSD", "cETHUSD", "BTCUSDT", "u1000PEPEUSDT", "BTCUSDC")] == [
            COIN_M,
            COIN_M,
            USD_M,
            USD_M,
            USD_M,
        ]
        assert [listing.family_of_currency(name) for name in ("BTC", "USD", "USDT", "USDC")] == [COIN_M, COIN_M, USD_M, USD_M]


class TestAnswers:
    def test_create(self, both: PhemexOrders, sample: Callable[[int], bytes]) -> None:
        place = replace(both.place(TICKET, _inverse()), ref="137e1928-5d25-fecd-dbd1-705ded659a4f")
        verdict = ask(both, place, sample(1))
        assert verdict.outcome is Outcome.ACK
        [event] = verdict.events
        assert isinstance(event, OrderChanged)
        report = event.report
        assert (report.status, report.is_ack, report.side, report.qty) == (OrderStatus.ACKED, True, Side.SELL, D(1))
        assert (report.price, report.filled, report.reduce_only) == (D(9897), D(0), False)

    def test_open_orders_of_2020_leave_the_type_null(self, both: PhemexOrders, sample: Callable[[int], bytes]) -> None:
        [snapshot] = ask(both, both.open_orders(BTCUSD), sample(13)).events
        assert isinstance(snapshot, OrdersSnapshot)
        waiting, resting = snapshot.reports
        # A buy that fires when the price falls to it is no stop.
        assert (waiting.type, waiting.status, waiting.price) == (OrderType.LIMIT_IF_TOUCHED, OrderStatus.ARMED, D(8400))
        assert (resting.type, resting.status, resting.price, resting.qty) == (OrderType.LIMIT, OrderStatus.LIVE, D(9904), D(1))
        assert (resting.close_on_trigger, resting.trigger_source) == (None, None), "what is not said is not known"

    def test_order_by_id(self, both: PhemexOrders, sample: Callable[[int], bytes]) -> None:
        order = replace(ORDER, client_id=ClientOrderId("uuid-1577463487504"))
        [event] = ask(both, both.order_by_id(order), sample(15)).events
        assert isinstance(event, OrderChanged)
        report = event.report
        assert (report.status, report.filled, report.filled_value) == (OrderStatus.FILLED, D(700), D("0.09790209"))

    def test_executions_and_funding(self, both: PhemexOrders, sample: Callable[[int], bytes]) -> None:
        fill, funding = ask(both, both.fills(BTCUSD, 0), sample(16)).events
        assert isinstance(fill, OrderFilled)
        assert (fill.fill.qty, fill.fill.price, fill.fill.fee, fill.fill.fee_currency) == (
            D(700),
            D(7150),
            D("-0.00002447"),
            "BTC",
        )
        assert isinstance(funding, FundingPaid)
        assert (funding.amount, funding.rate, funding.currency) == (D("0.00000479"), D("0.00004747"), "BTC")

    def test_positions_without_profit(self, both: PhemexOrders, sample: Callable[[int], bytes]) -> None:
        balance, snapshot = ask(both, both.positions("BTC"), sample(11)).events
        assert isinstance(balance, BalanceChanged)
        assert isinstance(snapshot, PositionsSnapshot)
        [flat] = snapshot.positions
        assert (flat.is_flat, flat.leverage, flat.margin_mode) == (True, D(100), MarginMode.CROSS)
        assert (flat.mark_then, snapshot.currency, balance.balance.total) == (D("9316.9002"), "BTC", D(0))

    def test_a_long_and_its_profit_to_the_last_digit(
        self, both: PhemexOrders, btcusd: Instrument, sample: Callable[[int], bytes]
    ) -> None:
        balance, snapshot = ask(both, both.positions("BTC"), sample(12)).events
        assert isinstance(balance, BalanceChanged)
        assert (balance.balance.total, balance.balance.used) == (D("8795.99942377"), D("0.00000285"))
        assert isinstance(snapshot, PositionsSnapshot)
        [leg] = snapshot.positions
        assert (leg.side, leg.qty, leg.entry, leg.mark_then) == (Side.BUY, D(5), D("18914.3181"), D("23828.7555"))
        told = json.loads(sample(12))["data"]["positions"][0]
        profit = btcusd.pnl(Side.BUY, leg.qty, leg.entry, leg.mark_then)
        assert to_scaled(profit.quantize(D("1e-8")), 8) == told["unRealisedPnlEv"]
        assert to_scaled(btcusd.value(leg.qty, leg.entry).quantize(D("1e-8")), 8) == told["valueEv"]
        assert leg.liquidation is None, "a marker at the price limit is no liquidation price"

    def test_book(self, both: PhemexOrders, sample: Callable[[int], bytes]) -> None:
        [snapshot] = ask(both, both.book(BTCUSD), sample(17)).events
        assert isinstance(snapshot, BookSnapshot)
        assert (snapshot.instrument, snapshot.depth) == (BTCUSD, 30)
        assert (list(snapshot.asks[0]), list(snapshot.bids[0])) == ([87705000, 1000000], [87700000, 2000000])

    def test_no_open_orders_is_an_error_code_here_too(self, both: PhemexOrders) -> None:
        verdict = ask(both, both.open_orders(BTCUSD), b'{"code":10002,"msg":"OM_ORDER_NOT_FOUND","data":null}')
        assert verdict.events == (OrdersSnapshot("phemex", (), "BTCUSD"),)


def _inverse() -> Instrument:
    return Instrument(BTCUSD, ContractKind.INVERSE, "BTC", "USD", "BTC", D("0.5"), D(1), price_scale=4)


class TestScales:
    """The scales come from the list: of the price from the contract, of values from what it settles in."""

    def test_values_of_dollars_have_four_decimals(self, legacy_2021: list[Instrument]) -> None:
        listing = Listing()
        row = {"symbol": "ETHUSD", "cumValueEv": 11337, "priceEp": 2267500}
        listing.take(legacy_2021)
        assert Row(row, listing).number("cumValueEv") == D("1.1337"), "an answer about an order names no currency"
        assert Row({"currency": "USD", "accountBalanceEv": 380503500}, listing).number("accountBalanceEv") == D("38050.35")
        assert Row({"symbol": "BTCUSD", "currency": "BTC", "valueEv": 26435}, listing).number("valueEv") == D("0.00026435")

    def test_a_scale_of_the_list_wins(self) -> None:
        odd = replace(_inverse(), price_scale=6, value_scale=5, settle="XYZ", id=InstrumentId("phemex", "ODDUSD"))
        listing = Listing()
        listing.take([odd])
        row = Row({"symbol": "ODDUSD", "priceEp": 1500000, "valueEv": 100000}, listing)
        assert (row.number("priceEp"), row.number("valueEv")) == (D("1.5"), D(1))

    @given(st.integers(-(10**15), 10**15), st.integers(0, 10))
    def test_what_is_read_is_written_back(self, scaled: int, scale: int) -> None:
        listing = Listing()
        listing.take([replace(_inverse(), price_scale=scale or 4, value_scale=scale)])
        row = Row({"symbol": "BTCUSD", "currency": "BTC", "priceEp": scaled, "xEv": scaled, "xEr": scaled}, listing)
        instrument = listing.get("BTCUSD")
        assert instrument is not None
        price, value, ratio = row.number("priceEp"), row.number("xEv"), row.number("xEr")
        assert price is not None
        assert value is not None
        assert ratio is not None
        assert COIN_M.price("price", price, instrument) == {"priceEp": scaled}
        assert COIN_M.value("x", value, scale) == {"xEv": scaled}
        assert COIN_M.ratio("x", ratio) == {"xEr": scaled}

    @given(st.decimals(min_value=D("-1e12"), max_value=D("1e12"), places=8))
    def test_text_is_read_as_it_was_written(self, value: Decimal) -> None:
        fields = {**USD_M.price("price", value, _inverse()), **USD_M.qty("qty", value), **USD_M.value("x", value, 8)}
        row = Row({**fields, **USD_M.ratio("r", value)})
        assert [row.number(name) for name in ("priceRp", "qtyRq", "xRv", "rRr")] == [value] * 4

    @given(st.decimals(min_value=D("0.00001"), max_value=D(1000), places=5).filter(lambda value: value % D("0.0001") != 0))
    def test_what_the_scale_cannot_hold_does_not_leave(self, value: Decimal) -> None:
        with pytest.raises(ValueError, match="more than the 4 decimals"):
            COIN_M.price("price", value, _inverse())

    def test_zero_with_an_exponent(self) -> None:
        body = b'{"code":0,"data":{"closedPnl":0E-8,"a":5.7E-7,"b":32323.00000000}}'
        assert decode_body(body)["data"] == {"closedPnl": D(0), "a": D("0.00000057"), "b": D(32323)}


CREDENTIAL = Credential("K", lambda: "S")


class TestFeed:
    @pytest.fixture
    def private(self, btcusdt: Instrument) -> PhemexFeed:
        feed = PhemexFeed(Lane.PRIVATE, CREDENTIAL)
        feed.list_instruments([btcusdt, _inverse()])
        return feed

    def test_both_accounts_are_asked_for(self, private: PhemexFeed) -> None:
        frames = [json.loads(frame) for frame in private.subscribe([Subscription(Channel.ACCOUNT)])]
        assert [(frame["method"], frame["params"]) for frame in frames] == [
            ("aop_p.subscribe", []),
            ("aop.subscribe", []),
            ("server.ping", []),
        ]

    def test_a_venue_without_the_family_is_not_asked_for_it(self, btcusdt: Instrument) -> None:
        feed = PhemexFeed(Lane.PUBLIC)
        feed.list_instruments([btcusdt])
        frames = feed.subscribe([Subscription(Channel.TICKER), Subscription(Channel.ACCOUNT)])
        assert [json.loads(frame)["method"] for frame in frames] == ["perp_market24h_pack_p.subscribe", "aop_p.subscribe"]
        alone = PhemexFeed(Lane.PUBLIC)
        alone.list_instruments([_inverse()])
        frames = alone.subscribe([Subscription(Channel.TICKER), Subscription(Channel.ACCOUNT)])
        assert [json.loads(frame)["method"] for frame in frames] == ["market24h.subscribe", "aop.subscribe", "server.ping"]

    def test_each_account_counts_when_it_was_told(self, private: PhemexFeed) -> None:
        newer, older, fence = (json.loads(frame)["id"] for frame in private.subscribe([Subscription(Channel.ACCOUNT)]))
        for number in (newer, older):
            assert private.receive(_answer(number), 1) == [], "granted, and not told yet"
        told = private.receive(b'{"accounts":[],"positions":[],"orders":[],"sequence":1,"type":"snapshot"}', 1)
        assert told == [Subscribed("phemex", Lane.PRIVATE, older, True)]
        told = private.receive(
            b'{"accounts_p":[],"positions_p":[],"orders_p":[],"sequence":1,"timestamp":1,"type":"snapshot"}', 1
        )
        assert told == [Subscribed("phemex", Lane.PRIVATE, newer, True)]
        assert private.receive(_pong(fence), 1) == [Subscribed("phemex", Lane.PRIVATE, fence, True)]
        ping = json.loads(private.heartbeat()[0])["id"]
        assert private.receive(_pong(ping), 7) == [PongReceived("phemex", Lane.PRIVATE, 7)]

    def test_an_account_without_a_coin_wallet_is_not_waited_for(self, private: PhemexFeed) -> None:
        newer, older, fence = (json.loads(frame)["id"] for frame in private.subscribe([Subscription(Channel.ACCOUNT)]))
        private.receive(_answer(newer), 1)
        private.receive(_answer(older), 1)
        told = private.receive(_pong(fence), 1)
        assert told == [Subscribed("phemex", Lane.PRIVATE, number, True) for number in (older, fence)]

    def test_a_refusal_is_a_refusal(self, private: PhemexFeed) -> None:
        _, older, _ = (json.loads(frame)["id"] for frame in private.subscribe([Subscription(Channel.ACCOUNT)]))
        refused = b'{"error":{"code":6001,"message":"invalid argument"},"id":%d,"result":null}' % older
        [answer] = private.receive(refused, 1)
        assert isinstance(answer, Subscribed)
        assert not answer.ok

    def test_channels_of_a_contract(self, private: PhemexFeed) -> None:
        wanted = [
            Subscription(Channel.BOOK, BTCUSD),
            Subscription(Channel.TRADES, BTCUSD),
            Subscription(Channel.CANDLES, BTCUSD, 60),
        ]
        assert [json.loads(frame)["method"] for frame in private.subscribe(wanted)] == [
            "orderbook.subscribe",
            "trade.subscribe",
            "kline.subscribe",
        ]
        assert [
            json.loads(frame)["method"] for frame in private.unsubscribe(wanted[:1], [Subscription(Channel.BOOK, BTCUSD)])
        ] == [
            "orderbook.unsubscribe",
            "orderbook.subscribe",
        ]

    def test_the_ticker_of_the_reference(self, private: PhemexFeed, sample: Callable[[int], bytes]) -> None:
        [ticker] = private.receive(sample(43), 1)
        assert isinstance(ticker, TickerChanged)
        assert (ticker.instrument, ticker.last, ticker.mark, ticker.index) == (
            BTCUSD,
            D("8742.5"),
            D("8745.3092"),
            D("8745.0676"),
        )
        assert (ticker.volume_24h, ticker.open_interest, ticker.turnover_24h) == (D(125287131), D(7821141), D("13993.62834123"))
        assert ticker.funding_rate == D("0.0001")


def _answer(number: int) -> bytes:
    return b'{"error":null,"id":%d,"result":{"status":"success"}}' % number


def _pong(number: int) -> bytes:
    return b'{"error":null,"id":%d,"result":"pong"}' % number


def test_the_family_is_told_by_the_scale(btcusdt: Instrument) -> None:
    assert (family_of(btcusdt), family_of(_inverse())) == (USD_M, COIN_M)
