"""ccxt's paradex client, which nobody here wrote, trades against the exchange in Paradex's clothes: what it sees is the ledger.

It signs with its own code, and the exchange verifies with the textbook that ships.
"""

from __future__ import annotations

from decimal import Decimal

import ccxt.async_support as ccxt
import pytest

from tui_trader.core.clock import SystemClock
from tui_trader.core.types import OrderType, Side
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.paradex import ParadexMask, mint
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.sim.types import NewOrder

SYMBOL = "BTC/USD:USDC"


async def test_ccxt_trades_and_sees_the_ledger() -> None:
    clock = SystemClock()
    exchange = Exchange(paradex_instruments(), seed=1, start_ns=clock.wall_ns())
    exchange.open_account("trader", {"USDC": Decimal(100_000)})
    exchange.open_account("street", {"USDC": Decimal(10**9)})
    exchange.set_reference("BTC-USD-PERP", Decimal(50_000))
    for side in (Side.BUY, Side.SELL):
        price = Decimal(50_000) - side.sign * 10
        exchange.submit("street", NewOrder("", "BTC-USD-PERP", side, OrderType.LIMIT, Decimal(1), price))
    async with SimServer(exchange, ParadexMask, account="trader", clock=clock, mint=mint) as server:
        client = ccxt.paradex({"privateKey": "0x1", "walletAddress": server.key, "enableRateLimit": False})
        client.urls["api"] = {"v1": f"{server.rest_url}/v1", "ws": server.ws_url}
        mask = server.mask
        assert isinstance(mask, ParadexMask)
        public = hex(mask.gate._stark.public_key(int(server.secret, 16)))
        client.options["paradexAccount"] = {"address": server.key, "privateKey": server.secret, "publicKey": public}
        try:
            await client.load_markets()
            steps = client.market(SYMBOL)["precision"]
            assert (steps["amount"], steps["price"]) == (0.001, 0.1)
            assert abs(await client.fetch_time() - clock.wall_ns() // 1_000_000) < 60_000
            assert (await client.fetch_status())["status"] == "ok"
            book = await client.fetch_order_book(SYMBOL)
            assert (book["bids"][0], book["asks"][0]) == ([49_990.0, 1.0], [50_010.0, 1.0])
            assert (await client.fetch_balance())["USDC"]["total"] == 100_000.0

            placed = await client.create_order(SYMBOL, "limit", "buy", 0.02, 49_900, {"clientOrderId": "resting"})
            [order] = exchange.open_orders("trader")
            assert (order.client_id, order.price, order.qty) == ("resting", Decimal(49_900), Decimal("0.02"))
            [listed] = await client.fetch_open_orders(SYMBOL)
            assert (listed["id"], listed["status"], listed["price"]) == (placed["id"], "open", 49_900.0)
            await client.cancel_order(placed["id"], SYMBOL)
            assert exchange.open_orders("trader") == []

            await client.create_order(SYMBOL, "market", "buy", 0.01)
            [position] = await client.fetch_positions([SYMBOL])
            assert (position["side"], position["contracts"], position["entryPrice"]) == ("long", 0.01, 50_010.0)
            [fill] = await client.fetch_my_trades(SYMBOL)
            assert (fill["price"], fill["takerOrMaker"], fill["fee"]["cost"]) == (50_010.0, "taker", 0.120024)
            assert mask.gate.verified == 3, "a token and two orders, signed by ccxt"

            wanted = [
                (0.01, 49_800, "one"),
                (0.02, 49_700, "two"),
                (0.0205, 49_600, "off its lot"),
                (0.01, 60_000, "far"),
            ]
            several = [
                {
                    "symbol": SYMBOL,
                    "type": "limit",
                    "side": "buy",
                    "amount": qty,
                    "price": price,
                    "params": {"clientOrderId": name},
                }
                for qty, price, name in wanted
            ]
            client.market(SYMBOL)["precision"]["amount"] = 0.0001  # ccxt would round the odd one itself
            answers = await client.create_orders(several)
            assert [order["status"] for order in answers] == ["open", "open", "rejected", "rejected"]
            assert [order["clientOrderId"] for order in answers] == ["one", "two", None, None], "errors name no order"
            assert {order.client_id for order in exchange.open_orders("trader")} == {"one", "two"}
            assert mask.gate.verified == 7, "each signature by itself"

            client.options["paradexAccount"]["privateKey"] = "0x1234"
            with pytest.raises(ccxt.BaseError, match="STARKNET_SIGNATURE_VERIFICATION_FAILED"):
                await client.create_orders(several[:2])
            assert len(exchange.open_orders("trader")) == 2
            with pytest.raises(ccxt.BaseError, match="STARKNET_SIGNATURE_VERIFICATION_FAILED"):
                await client.create_order(SYMBOL, "limit", "buy", 0.02, 49_900)
        finally:
            await client.close()
