"""Answers: recorded and documented ones to asserted values, and what each refusal proves."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.venues.paradex.conftest import BTC, KEY, admitted, ccxt_sample, ok, payload, static
from tui_trader.core.account import Balance
from tui_trader.core.event import (
    BackingTold,
    BalanceChanged,
    BookSnapshot,
    CandlesChanged,
    FundingPaid,
    InstrumentsListed,
    OrderChanged,
    OrderFilled,
    OrdersSnapshot,
    PositionsSnapshot,
    TakingTold,
)
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import ClientOrderId, Liquidity, MarginMode, OrderStatus, OrderType, Side, Taking
from tui_trader.venues.base import Outcome, Reply, Request
from tui_trader.venues.paradex.orders import ParadexOrders

DIALECT = admitted()
ROW = ccxt_sample("create_order")


def placed() -> Request:
    return DIALECT.place(
        OrderTicket(ClientOrderId("x1234"), BTC.id, Side.BUY, OrderType.LIMIT, Decimal("0.05"), Decimal(26_000)), BTC
    )


def order() -> Order:
    return Order.from_ticket(
        OrderTicket(ClientOrderId("x1234"), BTC.id, Side.BUY, OrderType.LIMIT, Decimal("0.05"), Decimal(26_000)), 0
    )


def row(**changes: Any) -> dict[str, Any]:
    """Return an order row of the documented names, with changes: the states are hand-made, the shape is not."""
    plain = {"type": "LIMIT", "status": "NEW", "cancel_reason": "", "avg_fill_price": "", "remaining_size": "0.05", "flags": []}
    return {**ROW, **plain, **changes}


def test_the_recorded_product_list_is_instruments() -> None:
    [event] = DIALECT.parse(DIALECT.instruments(), ok(static("fetchMarkets"))).events
    assert isinstance(event, InstrumentsListed)
    [btc] = event.instruments
    assert (btc.symbol, btc.base, btc.settle) == ("BTC-USD-PERP", "BTC", "USDC")
    assert (btc.tick, btc.lot, btc.min_notional, btc.max_qty) == (Decimal("0.1"), Decimal("0.001"), Decimal(500), Decimal(100))
    assert (btc.max_leverage, btc.taker_fee) == (Decimal(50), Decimal("0.00024"))
    assert btc.tiers[0].maintenance_rate == Decimal("0.01")


def test_options_are_not_listed_and_a_fee_that_is_told_counts() -> None:
    perpetual = ccxt_sample("parse_market") | {"fee_config": ccxt_sample("parse_trading_fee")["fee_config"]}
    option = next(
        r["data"] for r in payload("ccxt_source_samples.json") if r["data"].__class__ is dict and "96000" in str(r["data"])
    )
    listing = {"results": [perpetual, option, {"symbol": "X", "asset_kind": "PERP"}]}
    events = admitted(interactive=False).parse(DIALECT.instruments(), ok(listing)).events
    assert isinstance(events[0], InstrumentsListed)
    [boden] = events[0].instruments
    assert (boden.symbol, boden.maker_fee, boden.taker_fee) == ("BODEN-USD-PERP", Decimal("0.000075"), Decimal("0.000125"))
    assert len(events) == 2, "the market without its steps is told of"


def test_time_book_state_and_balance() -> None:
    assert DIALECT.parse(DIALECT.server_time(), ok(static("fetchTime"))).server_ns == 1_721_281_853_309_000_000
    [book] = DIALECT.parse(DIALECT.book(BTC.id), ok(ccxt_sample("fetch_order_book"))).events
    assert isinstance(book, BookSnapshot)
    assert (book.sequence, book.asks, book.bids) == (14115975, [["69578.2", "3.019"]], [["68477.6", "0.1"]])
    state, account = DIALECT.standing(None)
    assert DIALECT.parse(state, ok(static("fetchStatus"))).events == (TakingTold("paradex", Taking.ALL),)
    for word, taking, said in (
        ("cancel_only", Taking.CANCELS, "cancels alone"),
        ("POST_ONLY", Taking.POST_ONLY, "post-only orders alone"),
        ("maintenance", Taking.NOTHING, "nothing trades"),
        ("half-open", Taking.ALL, "its state is 'half-open'"),
    ):
        [told] = DIALECT.parse(state, ok({"status": word})).events
        assert isinstance(told, TakingTold)
        assert told.taking is taking
        assert said in told.reason
    [told] = DIALECT.parse(account, ok(ccxt_sample("handle_balance", "ws")["params"]["data"])).events
    assert told == BalanceChanged(Balance("paradex", "USDC", Decimal(1000), Decimal("99.5"), 1_718_950_074_249_000_000))


def test_recorded_bars_tell_their_value_in_dollars() -> None:
    asked = DIALECT.candles(BTC.id, 60, 1_719_993_600, 1_719_993_720)
    assert asked is not None
    assert asked.target == ("/v1/markets/klines?symbol=BTC-USD-PERP&resolution=1&start_at=1719993600000&end_at=1719993719999")
    [told] = DIALECT.parse(asked, ok(static("fetchOHLCV"))).events
    assert isinstance(told, CandlesChanged)
    [bar] = told.candles
    assert (bar.start_s, bar.interval_s, bar.close) == (1_719_993_660, 60, Decimal("60823.3"))
    assert (bar.turnover, bar.volume) == (Decimal(4561), Decimal("0.075"))
    assert DIALECT.candles(BTC.id, 86_400, 0, 86_400) is None, "the venue tells no days"
    assert DIALECT.parse(asked, ok({"results": [[1, 2, 3]]})).outcome is Outcome.UNKNOWN


def test_margin_funding_and_fills() -> None:
    [margin] = DIALECT.standing(BTC.id)
    configs = ccxt_sample("fetch_leverage")
    assert DIALECT.parse(margin, ok(configs)).events == (), "told of another market"
    configs = {"configs": [configs["configs"][0] | {"market": "BTC-USD-PERP"}]}
    assert DIALECT.parse(margin, ok(configs)).events == (BackingTold(BTC.id, Decimal(50), MarginMode.CROSS),)
    verdict = DIALECT.parse(DIALECT.funding_history(BTC.id, 0), ok(ccxt_sample("fetch_funding_history")))
    [paid] = verdict.events
    assert isinstance(paid, FundingPaid)
    assert paid.amount == Decimal("-34.4490622"), "what the account received is a cost below zero"
    assert verdict.next_page is not None
    fill = ccxt_sample("parse_trade", label="private")
    [filled] = DIALECT.parse(DIALECT.fills(None, 0), ok({"next": "", "results": [fill]})).events
    assert isinstance(filled, OrderFilled)
    assert (filled.fill.qty, filled.fill.price, filled.fill.fee) == (Decimal("0.01"), Decimal("64852.9"), Decimal("0.1945587"))
    assert (filled.fill.liquidity, filled.fill.side, filled.replayed) == (Liquidity.TAKER, Side.BUY, True)


def test_positions_are_signed_by_their_side_and_closed_ones_are_flat() -> None:
    held = ccxt_sample("handle_positions", "ws")["params"]["data"]
    short = held | {"side": "SHORT", "size": "-0.01"}
    closed = held | {"status": "CLOSED", "size": "0", "market": "ETH-USD-PERP"}
    for told, side in ((held, Side.BUY), (short, Side.SELL)):
        [snapshot] = DIALECT.parse(DIALECT.positions("USDC"), ok({"results": [told, closed]})).events
        assert isinstance(snapshot, PositionsSnapshot)
        [position] = snapshot.positions
        assert (position.side, position.qty, position.entry) == (side, Decimal("0.01"), Decimal("64839.96053748"))
        assert (position.leverage, position.liquidation) == (Decimal(5), None)
    broken = DIALECT.parse(DIALECT.positions("USDC"), ok({"results": [held | {"size": "lots"}]}))
    assert broken.outcome is Outcome.UNKNOWN, "a list that cannot be read proves that nothing is flat"


def test_new_is_not_live_and_an_acceptance_is_no_verdict() -> None:
    verdict = DIALECT.parse(placed(), ok(row(), 201))
    [event] = verdict.events
    assert isinstance(event, OrderChanged)
    assert (verdict.outcome, event.report.status, event.report.is_ack) == (Outcome.ACK, OrderStatus.ACKED, True)
    other = DIALECT.parse(placed(), ok(row(client_id="other"), 201))
    assert other.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "status", "filled", "reason"),
    [
        ({"status": "OPEN"}, OrderStatus.LIVE, "0", ""),
        ({"status": "OPEN", "remaining_size": "0.02", "avg_fill_price": "26000"}, OrderStatus.PARTIAL, "0.03", ""),
        ({"status": "UNTRIGGERED", "type": "STOP_LOSS_MARKET"}, OrderStatus.ARMED, "0", ""),
        ({"status": "CLOSED", "remaining_size": "0", "avg_fill_price": "26000"}, OrderStatus.FILLED, "0.05", ""),
        ({"status": "CLOSED", "cancel_reason": "USER_CANCELED"}, OrderStatus.CANCELED, "0", ""),
        (
            {"status": "CLOSED", "cancel_reason": "NOT_ENOUGH_MARGIN", "remaining_size": "0"},
            OrderStatus.REJECTED,
            "0",
            "not enough free collateral for this order",
        ),
        ({"status": "CLOSED", "cancel_reason": "SOMETHING_NEW"}, OrderStatus.CANCELED, "0", "something new"),
    ],
)
def test_the_states_of_an_order(changes: dict[str, Any], status: OrderStatus, filled: str, reason: str) -> None:
    [event] = DIALECT.parse(DIALECT.order_by_id(order()), ok({"results": [row(**changes)]})).events
    assert isinstance(event, OrderChanged)
    report = event.report
    assert (report.status, report.filled, report.reason) == (status, Decimal(filled), reason)


def test_open_orders_and_the_history_of_one() -> None:
    rows = {"results": [row(status="OPEN"), row(status="UNTRIGGERED", type="STOP_LIMIT", client_id="")]}
    [snapshot] = DIALECT.parse(DIALECT.open_orders(BTC.id), ok(rows)).events
    assert isinstance(snapshot, OrdersSnapshot)
    assert len(snapshot.reports) == 2
    spoiled = DIALECT.parse(DIALECT.open_orders(BTC.id), ok({"results": [row(side="?")]}))
    assert spoiled.outcome is Outcome.UNKNOWN
    asked = DIALECT.order_by_id(order())
    assert asked.target == "/v1/orders-history?client_id=x1234&market=BTC-USD-PERP"
    assert DIALECT.parse(asked, ok({"results": []})).outcome is Outcome.MISSING
    assert DIALECT.parse(asked, ok({"results": [row(client_id="another")]})).outcome is Outcome.UNKNOWN


def test_what_a_bulk_cancel_says_of_each() -> None:
    told = ccxt_sample("cancel_orders")
    [asked] = DIALECT.cancel_several([order(), order()])
    assert DIALECT.parse(asked, ok(told)).outcome is Outcome.MISSING
    told = {"results": [each for each in told["results"] if each["status"] != "NOT_FOUND"]}
    assert DIALECT.parse(asked, ok(told)).outcome is Outcome.ACK


@pytest.mark.parametrize(
    ("status", "error", "outcome"),
    [
        (400, "INVALID_ORDER_SIZE", Outcome.REJECTED),
        (400, "NOT_ONBOARDED", Outcome.REJECTED),
        (400, "DUPLICATED_CLIENT_ID", Outcome.EXISTS),
        (404, "ORDER_ID_NOT_FOUND", Outcome.MISSING),
        (400, "A_CODE_OF_TOMORROW", Outcome.UNKNOWN),
        (503, "", Outcome.UNKNOWN),
        (200, "INTERNAL_ERROR", Outcome.UNKNOWN),
        (429, "", Outcome.LIMITED),
    ],
)
def test_what_a_refusal_proves(status: int, error: str, outcome: Outcome) -> None:
    verdict = DIALECT.parse(placed(), ok({"error": error, "message": "said the venue"}, status))
    assert verdict.outcome is outcome
    assert verdict.text


def test_every_documented_error_is_a_sentence() -> None:
    for each in payload("rest_errors_handmade.json")["rest_errors"]:
        verdict = admitted().parse(placed(), ok(each["body"], each["http"]))
        assert verdict.outcome is (Outcome.LIMITED if each["http"] == 429 else Outcome.REJECTED), each
    told = admitted().parse(placed(), ok(ccxt_sample("handle_errors"), 400))
    assert told.bad_key
    assert "not known to the venue" in told.text
    for code, taking in (("SYSTEM_STATUS_CANCEL_ONLY", Taking.CANCELS), ("SYSTEM_STATUS_POST_ONLY", Taking.POST_ONLY)):
        [state] = DIALECT.parse(placed(), ok({"error": code, "message": ""}, 400)).events
        assert isinstance(state, TakingTold)
        assert state.taking is taking, "it is a state of the venue, which ends by itself, and nothing about the key"


def test_a_cancel_that_is_queued_says_nothing() -> None:
    assert DIALECT.parse(DIALECT.cancel(order()), Reply(204, {}, b"")).outcome is Outcome.ACK
    assert DIALECT.parse(placed(), Reply(204, {}, b"")).outcome is Outcome.UNKNOWN


def test_a_refused_way_in_is_of_the_key_where_it_is() -> None:
    dialect = ParadexOrders()
    config = dialect.admission(KEY, 1, early=False)
    assert config is not None
    assert dialect.parse(config, ok({"starknet_chain_id": "not a chain"})).outcome is Outcome.UNKNOWN
    dialect.parse(config, ok(static("systemConfig")))
    asked = dialect.admission(KEY, 1, early=False)
    assert asked is not None
    verdict = dialect.parse(asked, ok({"error": "INVALID_STARKNET_SIGNATURE", "message": ""}, 400))
    assert (verdict.outcome, verdict.bad_key) == (Outcome.REJECTED, True)
    assert dialect.parse(asked, ok({"jwt_token": ""})).outcome is Outcome.UNKNOWN


def test_spoiled_answers_raise_nothing() -> None:
    rng = random.Random(11)
    bodies = [orjson.dumps(each["data"]) for each in payload("ccxt_source_samples.json")]
    bodies += [orjson.dumps(each["response"]) for each in payload("ccxt_static_responses.json")]
    asked = [
        placed(),
        DIALECT.instruments(),
        DIALECT.book(BTC.id),
        DIALECT.positions("USDC"),
        DIALECT.open_orders(BTC.id),
        DIALECT.order_by_id(order()),
        DIALECT.fills(None, 0),
        DIALECT.funding_history(BTC.id, 0),
        DIALECT.funds_journal("USDC", 0),
        *DIALECT.standing(None),
        *DIALECT.standing(BTC.id),
    ]
    for _ in range(3_000):
        body = bytearray(rng.choice(bodies))
        for _ in range(rng.randrange(4)):
            body[rng.randrange(len(body))] = rng.choice(b'0"{}[]:,x-\xff')
        verdict = DIALECT.parse(rng.choice(asked), Reply(rng.choice((200, 200, 200, 400)), {}, bytes(body)))
        assert isinstance(verdict.outcome, Outcome)
