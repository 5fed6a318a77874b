"""The venue's own Python client trades against ``tui-trader sim --venue paradex``: REST, signatures, the binary feed.

``python -m tests.sim.clients.paradex_py``; how it is installed is in ``docs/testing.md``. Frames are decoded by its SBE codec,
and it signs its own messages. Where its Rust primitives have no wheel, starknet-py's, in C++, stand in for them: the four
functions that it imports and nothing else.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal as D
from threading import Thread
from types import ModuleType
from typing import Any

MARKET = "BTC-USD-PERP"


def stand_in() -> str:
    """Supply the primitives where they are missing; returns whose they are."""
    if importlib.util.find_spec("starknet_crypto_py"):
        return "its own"
    from starknet_py.hash import utils

    module: Any = ModuleType("starknet_crypto_py")
    module.get_public_key = utils.private_to_stark_key
    module.pedersen_hash = utils.pedersen_hash
    module.sign = lambda private_key, msg_hash, seed=32: utils.message_signature(msg_hash, private_key, seed)
    module.verify = lambda msg_hash, r, s, public_key: utils.verify_message_signature(msg_hash, [r, s], public_key)
    sys.modules["starknet_crypto_py"] = module
    return "starknet-py's"


async def until(done: Callable[[], Any], what: str) -> Any:
    """Wait for what must come; a machine under load is slow, not wrong."""
    for _ in range(3_000):
        if result := done():
            return result
        await asyncio.sleep(0.01)
    raise AssertionError(f"never seen: {what}")


async def trade(access: dict[str, str]) -> int:
    """Ask, trade and listen; returns how many calls and pushes agreed."""
    from paradex_py.account.subkey_account import SubkeyAccount
    from paradex_py.api.api_client import ParadexApiClient
    from paradex_py.api.ws_client import ParadexWebsocketChannel as Channel
    from paradex_py.api.ws_client import ParadexWebsocketClient
    from paradex_py.common.order import Order, OrderSide, OrderType
    from paradex_py.environment import TESTNET

    api = ParadexApiClient(env=TESTNET, api_base_url=access["rest"] + "/v1")
    account = SubkeyAccount(config=api.fetch_system_config(), l2_private_key=access["secret"], l2_address=access["key"])
    api.init_account(account)
    of_market = {"market": MARKET}
    reads: list[Any] = [
        api.fetch_markets(),
        api.fetch_markets_summary({"market": "ALL"}),
        api.fetch_orderbook(MARKET),
        api.fetch_bbo(MARKET),
        api.fetch_trades(of_market),
        api.fetch_funding_data(of_market),
        *(api.fetch_klines(MARKET, "1", 0, 10**13, kind) for kind in (None, "mark", "underlying")),
        api.fetch_system_state(),
        api.fetch_system_time(),
        *(fetch() for fetch in (api.fetch_orders, api.fetch_orders_history, api.fetch_positions, api.fetch_balances)),
        *(fetch() for fetch in (api.fetch_account_summary, api.fetch_account_info, api.fetch_subaccounts, api.fetch_fills)),
        *(fetch() for fetch in (api.fetch_funding_payments, api.fetch_transfers, api.fetch_tradebusts)),
        api.fetch_liquidations({}),
    ]
    print(f"{len(reads)} reads are answered")

    socket = ParadexWebsocketClient(env=TESTNET, ws_url_override=access["ws"], sbe_enabled=True)
    socket.init_account(account)
    assert await socket.connect(), "the handshake, in the version that it asks for"
    heard: dict[str, list[dict[str, Any]]] = {}

    def listener(name: str) -> Callable[[Any, dict[str, Any]], Any]:
        async def note(_: Any, message: dict[str, Any]) -> None:
            heard.setdefault(name, []).append(message["params"]["data"])

        return note

    top = {"market": MARKET, "feed_type": "snapshot", "refresh_rate": "100ms", "price_tick": "1"}
    for channel, params in (
        *((one, of_market) for one in (Channel.BBO, Channel.TRADES, Channel.FUNDING_DATA, Channel.MARKETS_SUMMARY)),
        *((one, {"market": "ALL"}) for one in (Channel.ORDERS, Channel.FILLS)),
        *((one, {}) for one in (Channel.POSITIONS, Channel.ACCOUNT)),
        (Channel.ORDER_BOOK, top),
    ):
        await socket.subscribe(channel, listener(channel.name), params)
    await until(lambda: heard.keys() >= {"BBO", "FUNDING_DATA", "MARKETS_SUMMARY", "ORDER_BOOK"}, "the market")

    def order(kind: OrderType, side: OrderSide, size: str, price: Any = 0, **more: Any) -> Order:
        return Order(MARKET, kind, side, D(size), D(price), **more)

    low = (D(heard["BBO"][-1]["bid_price"]) * D("0.97")).quantize(D(1))
    taken = api.submit_order(order(OrderType.Market, OrderSide.Buy, "0.02", instruction="IOC", client_id="taken"))
    await until(lambda: [one for one in heard.get("FILLS", []) if one.get("order_id") == taken["id"]], "the fill")
    [held] = api.fetch_positions()["results"]
    assert D(held["size"]) == D("0.02"), held
    assert sum(D(one["size"]) for one in api.fetch_fills()["results"] if one["order_id"] == taken["id"]) == D("0.02")
    await until(lambda: [one for one in heard.get("POSITIONS", []) if D(one["size"]) == D("0.02")], "the position")
    await until(lambda: heard.keys() >= {"TRADES", "ACCOUNT", "ORDERS"}, "the print, the money and the order")

    rests = api.submit_order(order(OrderType.Limit, OrderSide.Buy, "0.01", low, client_id="rests"))
    api.modify_order(rests["id"], order(OrderType.Limit, OrderSide.Buy, "0.02", low - 1, order_id=rests["id"]))
    changed = api.fetch_order(rests["id"])
    assert (D(changed["price"]), D(changed["size"]), changed["client_id"]) == (low - 1, D("0.02"), "rests"), changed
    assert api.fetch_order_by_client_id("rests")["id"] == rests["id"]
    pair = [order(OrderType.Limit, OrderSide.Buy, "0.01", low - step, client_id=f"pair-{step}") for step in (2, 3)]
    assert len(api.submit_orders_batch(pair)["orders"]) == 2
    exits = {"trigger_price": low, "reduce_only": True}
    api.submit_order(order(OrderType.StopLossMarket, OrderSide.Sell, "0.02", client_id="stop", **exits))
    assert {one["client_id"] for one in api.fetch_orders()["results"]} == {"rests", "pair-2", "pair-3", "stop"}
    api.cancel_orders_batch(client_order_ids=["pair-2"])
    api.cancel_order_by_client_id("pair-3")
    api.cancel_all_orders(of_market)
    assert api.fetch_orders()["results"] == []
    await until(lambda: [one for one in heard["ORDERS"] if "USER_CANCELED" in str(one)], "a cancel")
    await socket.close()
    return len(reads) + sum(map(len, heard.values()))


def main() -> None:
    """Serve, trade, and say whether all agreed."""
    whose = stand_in()
    command = [sys.executable, "-m", "tui_trader", "sim", "--venue", "paradex", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as venue:
        try:
            assert venue.stdout is not None
            access = next(line for line in map(json.loads, venue.stdout) if line["event"] == "access")
            Thread(target=lambda: [None for _ in venue.stdout or ()], daemon=True).start()  # or its pipe fills up
            told = asyncio.run(trade(access))
        finally:
            venue.terminate()
    print(f"paradex-py trades and sees what became of it: {told} answers and pushes read, signed with {whose} primitives")


if __name__ == "__main__":
    main()
