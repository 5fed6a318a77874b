"""The exact text of every order request."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import (
    ClientOrderId,
    InstrumentId,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
    VenueOrderId,
)
from tui_trader.venues.base import Request, RequestKind
from tui_trader.venues.phemex.orders import PhemexOrders

D = Decimal
BTC = InstrumentId("phemex", "BTCUSDT")
TICKET = OrderTicket(
    client_id=ClientOrderId("tt-1"),
    instrument=BTC,
    side=Side.BUY,
    type=OrderType.LIMIT,
    qty=D("0.0100"),
    price=D("5E+4"),
)
ORDER = Order(
    client_id=ClientOrderId("tt-1"),
    instrument=BTC,
    side=Side.BUY,
    type=OrderType.LIMIT,
    qty=D("0.01"),
    status=OrderStatus.LIVE,
    venue_id=VenueOrderId("ab90a08c-b728-4b6b-97c4-36fa497335bf"),
    price=D(50000),
)


def line(request: Request) -> str:
    """Return what goes on the wire, with rate-limit group and weight."""
    body = f" {request.body.decode()}" if request.body else ""
    return f"{request.method} {request.target}{body} [{request.group} {request.weight}]"


class TestPlace:
    def test_limit(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        request = orders.place(TICKET, btcusdt)
        assert line(request) == (
            'POST /g-orders {"clOrdID":"tt-1","symbol":"BTCUSDT","side":"Buy","posSide":"Merged","ordType":"Limit",'
            '"orderQtyRq":"0.01","priceRp":"50000","timeInForce":"GoodTillCancel"} [contract 1]'
        )
        assert (request.kind, request.what, request.ref, request.signed) == (RequestKind.CREATE, "place", "tt-1", True)

    @pytest.mark.parametrize(
        ("tif", "word"),
        [(TimeInForce.IOC, "ImmediateOrCancel"), (TimeInForce.FOK, "FillOrKill"), (TimeInForce.POST_ONLY, "PostOnly")],
    )
    def test_lifetimes(self, orders: PhemexOrders, btcusdt: Instrument, tif: TimeInForce, word: str) -> None:
        assert f'"timeInForce":"{word}"'.encode() in orders.place(replace(TICKET, tif=tif), btcusdt).body

    def test_market_reduce_only(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        ticket = replace(TICKET, type=OrderType.MARKET, price=None, side=Side.SELL, reduce_only=True)
        assert line(orders.place(ticket, btcusdt)) == (
            'POST /g-orders {"clOrdID":"tt-1","symbol":"BTCUSDT","side":"Sell","posSide":"Merged","ordType":"Market",'
            '"orderQtyRq":"0.01","timeInForce":"ImmediateOrCancel","reduceOnly":true} [contract 1]'
        )

    def test_closing_a_hedged_long_names_the_long_leg(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        ticket = replace(
            TICKET,
            type=OrderType.MARKET,
            price=None,
            side=Side.SELL,
            reduce_only=True,
            position_side=PositionSide.LONG,
        )
        assert line(orders.place(ticket, btcusdt)) == (
            'POST /g-orders {"clOrdID":"tt-1","symbol":"BTCUSDT","side":"Sell","posSide":"Long","ordType":"Market",'
            '"orderQtyRq":"0.01","timeInForce":"ImmediateOrCancel"} [contract 1]'
        )

    def test_stop_for_the_whole_position(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        ticket = replace(
            TICKET,
            type=OrderType.STOP,
            price=None,
            qty=D(0),
            side=Side.SELL,
            close_on_trigger=True,
            trigger_price=D("45000.5"),
            trigger_source=TriggerSource.LAST,
        )
        assert line(orders.place(ticket, btcusdt)) == (
            'POST /g-orders {"clOrdID":"tt-1","symbol":"BTCUSDT","side":"Sell","posSide":"Merged","ordType":"Stop",'
            '"orderQtyRq":"0","stopPxRp":"45000.5","triggerType":"ByLastPrice","timeInForce":"ImmediateOrCancel",'
            '"closeOnTrigger":true} [contract 1]'
        )

    def test_limit_if_touched(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        ticket = replace(TICKET, type=OrderType.LIMIT_IF_TOUCHED, trigger_price=D(49000))
        assert line(orders.place(ticket, btcusdt)) == (
            'POST /g-orders {"clOrdID":"tt-1","symbol":"BTCUSDT","side":"Buy","posSide":"Merged",'
            '"ordType":"LimitIfTouched","orderQtyRq":"0.01","priceRp":"50000","stopPxRp":"49000",'
            '"triggerType":"ByMarkPrice","timeInForce":"GoodTillCancel"} [contract 1]'
        )

    def test_entry_with_exits(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        ticket = replace(TICKET, take_profit=D(60000), stop_loss=D("40000.5"))
        assert orders.place(ticket, btcusdt).body.endswith(
            b'"takeProfitRp":"60000","tpTrigger":"ByMarkPrice","stopLossRp":"40000.5","slTrigger":"ByMarkPrice"}'
        )

    def test_exits_with_limits_and_sources(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        ticket = replace(
            TICKET,
            take_profit=D(60000),
            take_profit_limit=D(60010),
            take_profit_source=TriggerSource.LAST,
            stop_loss=D("40000.5"),
            stop_loss_limit=D(40000),
            stop_loss_source=TriggerSource.INDEX,
        )
        assert orders.place(ticket, btcusdt).body.endswith(
            b'"takeProfitRp":"60000","tpTrigger":"ByLastPrice","tpPxRp":"60010",'
            b'"stopLossRp":"40000.5","slTrigger":"ByIndexPrice","slPxRp":"40000"}'
        )

    @pytest.mark.parametrize(
        ("side", "leg", "activation", "told"),
        [
            # Long: the offset is below zero; short: above (contract reference, "More order type examples").
            (Side.SELL, PositionSide.MERGED, None, ("Merged", "TrailingStopPeg", "-250.5", "45000")),
            (Side.BUY, PositionSide.MERGED, None, ("Merged", "TrailingStopPeg", "250.5", "45000")),
            (Side.SELL, PositionSide.LONG, D(52000), ("Long", "TrailingTakeProfitPeg", "-250.5", "52000")),
            (Side.BUY, PositionSide.SHORT, D(44000), ("Short", "TrailingTakeProfitPeg", "250.5", "44000")),
        ],
    )
    def test_trailing_stop(
        self,
        orders: PhemexOrders,
        btcusdt: Instrument,
        side: Side,
        leg: PositionSide,
        activation: D | None,
        told: tuple[str, ...],
    ) -> None:
        ticket = replace(
            TICKET,
            side=side,
            type=OrderType.TRAILING_STOP,
            qty=D(0),
            price=None,
            position_side=leg,
            close_on_trigger=True,
            trigger_price=D(45000),
            trail=D("250.5"),
            activation_price=activation,
        )
        word, peg, offset, stop = told
        assert line(orders.place(ticket, btcusdt)) == (
            f'POST /g-orders {{"clOrdID":"tt-1","symbol":"BTCUSDT","side":"{side.value.title()}","posSide":"{word}",'
            f'"ordType":"Stop","orderQtyRq":"0","stopPxRp":"{stop}","triggerType":"ByMarkPrice",'
            f'"timeInForce":"ImmediateOrCancel","closeOnTrigger":true,"pegPriceType":"{peg}",'
            f'"pegOffsetValueRp":"{offset}"}} [contract 1]'
        )

    @pytest.mark.parametrize(
        "changes",
        [
            {"client_id": "a b"},
            {"client_id": ""},
            {"client_id": "x" * 41},
            {"price": None},
            {"type": OrderType.STOP},
            {"qty": D(0)},
            {"instrument": InstrumentId("phemex", "ETHUSDT")},
        ],
    )
    def test_what_must_not_leave(self, orders: PhemexOrders, btcusdt: Instrument, changes: dict[str, object]) -> None:
        with pytest.raises(ValueError, match=r"order|ticket"):
            orders.place(replace(TICKET, **changes), btcusdt)  # type: ignore[arg-type]


class TestAmendAndCancel:
    def test_amend(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        request = orders.amend(ORDER, btcusdt, qty=D("0.02"), price=D("50000.1"), trigger=None)
        assert line(request) == (
            "PUT /g-orders/replace?orderID=ab90a08c-b728-4b6b-97c4-36fa497335bf&symbol=BTCUSDT&posSide=Merged"
            "&priceRp=50000.1&orderQtyRq=0.02 [contract 1]"
        )
        assert (request.kind, request.ref) == (RequestKind.AMEND, "tt-1")

    def test_amend_by_client_id(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        order = replace(ORDER, venue_id=VenueOrderId(""), position_side=PositionSide.SHORT)
        assert line(orders.amend(order, btcusdt, qty=None, price=None, trigger=D(1))) == (
            "PUT /g-orders/replace?origClOrdID=tt-1&symbol=BTCUSDT&posSide=Short&stopPxRp=1 [contract 1]"
        )

    def test_amend_of_exits_and_distance(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        changed = orders.amend(ORDER, btcusdt, take_profit=D("60000.5"), stop_loss=D(0))
        assert changed.query.endswith("&posSide=Merged&takeProfitRp=60000.5&stopLossRp=0")
        trailing = replace(ORDER, side=Side.SELL)
        assert orders.amend(trailing, btcusdt, trail=D(12)).query.endswith("&posSide=Merged&pegOffsetValueRp=-12")
        assert orders.amend(ORDER, btcusdt, trail=D(12)).query.endswith("&posSide=Merged&pegOffsetValueRp=12")

    def test_amend_of_nothing(self, orders: PhemexOrders, btcusdt: Instrument) -> None:
        with pytest.raises(ValueError, match="nothing to amend"):
            orders.amend(ORDER, btcusdt, qty=None, price=None, trigger=None)

    def test_cancel_is_the_signed_vector(self, orders: PhemexOrders) -> None:
        assert line(orders.cancel(ORDER)) == (
            "DELETE /g-orders/cancel?orderID=ab90a08c-b728-4b6b-97c4-36fa497335bf&posSide=Merged&symbol=BTCUSDT [contract 1]"
        )

    def test_cancel_before_the_id_is_known(self, orders: PhemexOrders) -> None:
        order = replace(ORDER, venue_id=VenueOrderId(""))
        assert orders.cancel(order).query == "clOrdID=tt-1&posSide=Merged&symbol=BTCUSDT"
        with pytest.raises(ValueError, match="without an id"):
            orders.cancel(replace(order, client_id=ClientOrderId("")))

    def test_a_foreign_id_is_encoded_once(self, orders: PhemexOrders) -> None:
        order = replace(ORDER, venue_id=VenueOrderId("a,b&c"))
        assert orders.cancel(order).query.startswith("orderID=a%2Cb%26c&")

    def test_cancel_all_takes_two_calls(self, orders: PhemexOrders) -> None:
        assert [line(request) for request in orders.cancel_all(BTC)] == [
            "DELETE /g-orders/all?symbol=BTCUSDT&untriggered=false [contract 3]",
            "DELETE /g-orders/all?symbol=BTCUSDT&untriggered=true [contract 3]",
        ]


class TestReadsAndSettings:
    def test_reads(self, orders: PhemexOrders) -> None:
        assert line(orders.open_orders(BTC)) == "GET /g-orders/activeList?symbol=BTCUSDT [contract 1]"
        by_id = "GET /api-data/g-futures/orders/by-order-id?clOrdID=tt-1&symbol=BTCUSDT [other 1]"
        assert line(orders.order_by_id(ORDER)) == by_id
        external = replace(ORDER, client_id=ClientOrderId(""))
        assert orders.order_by_id(external).query == "orderID=ab90a08c-b728-4b6b-97c4-36fa497335bf&symbol=BTCUSDT"
        assert line(orders.fills(BTC, 1_700_000_000_123_456_789)) == (
            "GET /api-data/g-futures/trades?symbol=BTCUSDT&start=1700000000123&offset=0&limit=200 [other 1]"
        )
        assert orders.fills(None, 0).query == "currency=USDT&start=0&offset=0&limit=200"
        assert line(orders.positions("USDT")) == "GET /g-accounts/accountPositions?currency=USDT [contract 1]"

    def test_open_calls(self, orders: PhemexOrders) -> None:
        calls = [orders.instruments(), orders.server_time(), orders.book(BTC)]
        assert [line(call) for call in calls] == [
            "GET /public/products [other 1]",
            "GET /public/time [other 1]",
            "GET /md/v2/orderbook?symbol=BTCUSDT [other 1]",
        ]
        assert not any(call.signed for call in calls)

    @pytest.mark.parametrize(
        ("cross", "hedged", "query"),
        [
            (False, False, "symbol=BTCUSDT&leverageRr=12.5"),
            (True, False, "symbol=BTCUSDT&leverageRr=-12.5"),
            (False, True, "symbol=BTCUSDT&longLeverageRr=12.5&shortLeverageRr=12.5"),
            (True, True, "symbol=BTCUSDT&longLeverageRr=-12.5&shortLeverageRr=-12.5"),
        ],
    )
    def test_leverage(self, orders: PhemexOrders, cross: bool, hedged: bool, query: str) -> None:
        request = orders.set_leverage(BTC, D("12.50"), cross=cross, hedged=hedged)
        assert line(request) == f"PUT /g-positions/leverage?{query} [contract 1]"
        assert request.kind is RequestKind.SETTING

    def test_leverage_zero_is_cross_at_the_most(self, orders: PhemexOrders) -> None:
        assert orders.set_leverage(BTC, D(0), cross=True, hedged=False).query == "symbol=BTCUSDT&leverageRr=0"
        with pytest.raises(ValueError, match="magnitude"):
            orders.set_leverage(BTC, D(-1), cross=True, hedged=False)
