"""The account's channels in both encodings: the same rows, decoded by the client, say the same, whichever way they came."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from tui_trader.core.event import BalanceChanged, Event, OrderChanged, OrderFilled, PositionChanged
from tui_trader.core.types import OrderType, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.masks.paradex_rows import account_row, fill_row, order_row, position_row
from tui_trader.sim.masks.paradex_sbe_own import own
from tui_trader.sim.types import NewOrder
from tui_trader.venues.base import Lane
from tui_trader.venues.paradex.feed import ParadexFeed

SYMBOL = "BTC-USD-PERP"
START_NS = 1_763_700_000_000_000_000


def rows() -> list[tuple[str, dict[str, Any]]]:
    """Return rows of a short day: a long, a short, a stop that waits, a cancelled and a refused order, every family."""
    exchange = Exchange(paradex_instruments(), seed=1, start_ns=START_NS)
    exchange.set_reference(SYMBOL, Decimal(50_000))
    for name in ("trader", "street"):
        exchange.open_account(name, {"USDC": Decimal(100_000)})
    found: list[tuple[str, dict[str, Any]]] = []

    def note() -> None:
        held = exchange.position("trader", SYMBOL, PositionSide.MERGED)
        orders = [*exchange.open_orders("trader"), *exchange.closed_orders("trader")]
        found.extend(("orders", order_row(order)) for order in orders)
        found.extend(("fills", fill_row(report)) for report in exchange.fills("trader"))
        found.append(("positions", position_row(exchange, "trader", held)))
        found.append(("account", account_row(exchange, "trader")))

    note()
    for side, price in ((Side.SELL, 50_010), (Side.BUY, 49_990)):
        exchange.submit("street", NewOrder("", SYMBOL, side, OrderType.LIMIT, Decimal(1), Decimal(price)))
    exchange.submit("trader", NewOrder("in", SYMBOL, Side.BUY, OrderType.MARKET, Decimal("0.02"), None, TimeInForce.IOC))
    note()
    stop = NewOrder(
        "stop",
        SYMBOL,
        Side.SELL,
        OrderType.STOP,
        Decimal("0.02"),
        reduce_only=True,
        trigger_price=Decimal(49_000),
        trigger_source=TriggerSource.MARK,
    )
    exchange.submit("trader", stop)
    rests = exchange.submit("trader", NewOrder("rests", SYMBOL, Side.BUY, OrderType.LIMIT, Decimal("0.5"), Decimal("49000.1")))
    crossing = NewOrder("po", SYMBOL, Side.BUY, OrderType.LIMIT, Decimal("0.01"), Decimal(50_020), TimeInForce.POST_ONLY)
    exchange.submit("trader", crossing)
    note()
    exchange.cancel("trader", SYMBOL, order_id=rests.order_id)
    exchange.submit("trader", NewOrder("out", SYMBOL, Side.SELL, OrderType.MARKET, Decimal("0.07"), None, TimeInForce.IOC))
    note()
    return [(family, row | {"seq_no": number}) for number, (family, row) in enumerate(found, 1_000)]


def heard(frame: bytes) -> list[Event]:
    return ParadexFeed(Lane.PRIVATE, None).receive(frame, 7)


@pytest.mark.parametrize("family", ["orders", "fills", "positions", "account"])
def test_both_encodings_say_the_same(family: str) -> None:
    chosen = [row for name, row in rows() if name == family]
    assert len(chosen) >= 4
    kinds = {"orders": OrderChanged, "fills": OrderFilled, "positions": PositionChanged, "account": BalanceChanged}
    for row in chosen:
        channel = f"{family}.ALL" if family in ("orders", "fills") else family
        params = {"channel": channel, "data": row}
        text = orjson.dumps({"jsonrpc": "2.0", "method": "subscription", "params": params})
        by_text, by_frame = heard(text), heard(own(family, row))
        assert [type(event) for event in by_text] == [kinds[family]]
        assert by_frame == by_text, row


def test_a_frame_with_a_longer_block_or_of_a_template_that_nobody_knows_does_no_harm() -> None:
    for family, row in rows():
        frame = own(family, row)
        block = int.from_bytes(frame[:2], "little")
        longer = (block + 9).to_bytes(2, "little") + frame[2 : 8 + block] + bytes(9) + frame[8 + block :]
        assert heard(longer) == heard(frame)
        assert heard(frame[:2] + b"\x63\x00" + frame[4:]) == []
