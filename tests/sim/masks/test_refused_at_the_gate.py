"""What an answer refused is told by no stream and no list, and orders that nobody named have a name each."""

from __future__ import annotations

from decimal import Decimal

import orjson

from tui_trader.core.types import OrderType, PositionSide, Side, TimeInForce
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.mexc_rows import Rows
from tui_trader.sim.masks.mexc_terms import Ids
from tui_trader.sim.masks.paradex_feed import Feed
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.masks.paradex_reads import AccountReads
from tui_trader.sim.products import mexc_instruments
from tui_trader.sim.types import NewOrder, Refusal


class Peer:
    """A connection that keeps what it is sent."""

    number = 1

    def __init__(self) -> None:
        self.told: list[bytes] = []

    def send(self, payload: bytes, topic: str = "", *, binary: bool = False) -> None:
        if topic == "orders":
            self.told.append(payload)

    def close(self, code: int, reason: str) -> None:
        raise AssertionError("nobody hangs up here")


def limit(client_id: str, symbol: str, qty: str) -> NewOrder:
    price, leg = Decimal(40_000), PositionSide.MERGED
    return NewOrder(client_id, symbol, Side.BUY, OrderType.LIMIT, Decimal(qty), price, TimeInForce.GTC, leg)


def test_paradex_tells_the_order_that_has_an_id_and_not_the_one_that_was_refused_for_it() -> None:
    exchange = Exchange(paradex_instruments(), seed=1, start_ns=10**18)
    exchange.open_account("sim", {"USDC": Decimal(100_000)})
    exchange.set_reference("BTC-USD-PERP", Decimal(50_000))
    feed, peer = Feed(exchange, lambda token: "sim"), Peer()
    feed.admit(peer)
    for number, (method, params) in enumerate((("auth", {"bearer": "x"}), ("subscribe", {"channel": "orders.ALL"}))):
        feed.receive(peer, orjson.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
    first = exchange.submit("sim", limit("one", "BTC-USD-PERP", "0.01"))
    again = exchange.submit("sim", limit("one", "BTC-USD-PERP", "0.01"))
    assert again.refusal is Refusal.DUPLICATE_CLIENT_ID
    feed.publish(list(exchange.drain()))
    assert [orjson.loads(frame)["params"]["data"]["status"] for frame in peer.told] == ["OPEN"]
    history = AccountReads(exchange).history("sim", {"client_id": "one"})["results"]
    assert [(row["client_id"], row["status"]) for row in history] == [("one", "OPEN")]
    assert not first.refusal


def test_mexc_gives_each_order_that_has_no_name_one_of_its_own() -> None:
    exchange = Exchange(mexc_instruments(("BTC_USDT",)), seed=1, start_ns=10**18)
    exchange.open_account("sim", {"USDT": Decimal(100_000)})
    exchange.set_reference("BTC_USDT", Decimal(50_000))
    rows = Rows(exchange, Ids())
    names = {rows.order(exchange.submit("sim", limit("", "BTC_USDT", "0.01")))["externalOid"] for _ in range(20)}
    assert len(names) == 20
    assert {len(name) for name in names} == {35}, "as recorded ones are: _m_ and thirty-two digits"
