"""What anybody may ask of Paradex's exchange: its state and time, markets, summaries, books, prints, bars, funding.

Source: REST reference of docs.paradex.trade, August 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import orjson

from tui_trader.core.clock import Clock
from tui_trader.core.decimals import ZERO, divide, plain
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.paradex_args import Complaint
from tui_trader.sim.masks.paradex_gate import CHAIN
from tui_trader.sim.masks.paradex_pages import Args, paged, whole, within
from tui_trader.sim.masks.paradex_rates import Rates
from tui_trader.sim.masks.paradex_rows import Level, Row, best_of, market_row, millis, trade_row
from tui_trader.sim.masks.price_bars import PriceBars

MOST_TRADES = 1_000
"""Prints of a page at most."""

CONFIG: Final[Row] = {
    "starknet_chain_id": CHAIN,
    "starknet_gateway_url": "",
    "starknet_fullnode_rpc_url": "https://rpc.api.testnet.paradex.trade/rpc/v0_10",
    "starknet_fullnode_rpc_base_url": "https://rpc.api.testnet.paradex.trade",
    "block_explorer_url": "https://voyager.testnet.paradex.trade/",
    "environment": "local",
    "paraclear_address": "0x4638e3041366aa71720be63e32e53e1223316c7f0d56f7aa617542ed1e7554d",
    "paraclear_decimals": 8,
    "paraclear_account_hash": "0x033434ad846cdd5f23eb73ff09fe6fddd568284a0fb7d1be20ee482f044dabe2",
    "paraclear_account_proxy_hash": "0x3530cc4759d78042f1b543bf797f5f3d647cde0388c33734cf91b7f7b9314a9",
    "oracle_address": "0x47c622ce5f7ff7fa17725df596f4f506364e49be0621eb142a75b44ee3689c6",
    "bridged_tokens": [],
    "l1_core_contract_address": "0x182FE62c57461d4c5Ab1aE6F04f1D51aA1607daf",
    "l1_operator_address": "0x63e762538C70442758Fd622116d817761c94FD6A",
    "l1_chain_id": "5",
    "liquidation_fee": "0.20",
    "partial_liquidation_buffer": "0.2",
    "partial_liquidation_share_increment": "0.05",
}
"""The chain is this exchange's; the rest are the examples of the REST reference (``SystemConfigResponse``): the venue's own
client does not start without them, and nothing of them is used here."""


@dataclass(slots=True)
class System:
    """The state of the whole venue, as an operator sets it."""

    state: str = "ok"
    """What ``/system/state`` says and orders obey: ``ok``, ``cancel_only``, ``post_only``, ``maintenance``."""


class PublicReads:
    """Answers what needs no token."""

    def __init__(self, exchange: Exchange, clock: Clock, system: System, rates: Rates, prices: PriceBars) -> None:
        self._exchange = exchange
        self._clock = clock
        self._system = system
        self._rates = rates
        self._prices = prices

    def time(self) -> Row:
        """Return the gateway's clock."""
        return {"server_time": str(millis(self._clock.wall_ns()))}

    def state(self) -> Row:
        """Return what the venue takes at present."""
        return {"status": self._system.state}

    def config(self) -> Row:
        """Return what signatures are for, and where the venue's contracts are."""
        return dict(CONFIG)

    def markets(self, args: Args) -> Row:
        """Return the product list, or one of it."""
        listed = self._exchange.instruments.values()
        return {"results": [market_row(one) for one in listed if args.get("market", one.symbol) == one.symbol]}

    def summaries(self, args: Args) -> Row:
        """Return the reference prices of a market, or of all."""
        wanted = args.get("market") or "ALL"
        if wanted != "ALL":
            self._need(wanted)
        return {"results": [self._summary(symbol) for symbol in self._exchange.instruments if wanted in ("ALL", symbol)]}

    def best(self, market: str) -> Row:
        """Return the best prices of a book."""
        bid, ask = best_of(self._exchange, self._need(market))
        sequence, now = self._exchange.seq, millis(self._exchange.now_ns)
        return {"market": market, "seq_no": sequence, "last_updated_at": now} | _sides(bid, ask)

    def trades(self, args: Args) -> Row:
        """Return prints of a market, newest first."""
        market = self._need(args.get("market", ""))
        prints = [trade_row(one) for one in self._exchange.trades(market, 10_000)]
        return paged(args, within(args, prints), MOST_TRADES)

    def funding(self, args: Args) -> Row:
        """Return the funding rates of a market, newest first: observations, not what was settled."""
        return paged(args, within(args, self._rates.newest_first(self._need(args.get("market", "")))))

    def book(self, market: str, args: Args) -> Row:
        """Return a book."""
        self._need(market)
        bids, asks = self._exchange.book(market, min(whole(args, "depth", 100), 100) or 100)
        levels = [[[plain(price), plain(size)] for price, size in side] for side in (bids, asks)]
        sequence, now = self._exchange.seq, millis(self._exchange.now_ns)
        return {"market": market, "seq_no": sequence, "last_updated_at": now, "bids": levels[0], "asks": levels[1]}

    def bars(self, args: Args) -> Row:
        """Return bars of the last price, or of the mark or the index, that begin in a span, with their value in dollars."""
        market, resolution, kind = args.get("symbol", ""), args.get("resolution", ""), args.get("price_kind") or "last"
        if market not in self._exchange.instruments or resolution not in ("1", "3", "5", "15", "30", "60"):
            raise Complaint("VALIDATION_ERROR")
        if kind not in ("last", "mark", "underlying"):
            raise Complaint("VALIDATION_ERROR", "unknown price kind")
        first, last = whole(args, "start_at", 0), whole(args, "end_at", 0)
        bars = self._exchange.candles(market, int(resolution) * 60, 1_000)
        if kind != "last":
            bars = self._prices.over(market, bars, index=kind == "underlying")
        rows = [
            [
                bar.start_s * 1_000,
                *(orjson.Fragment(plain(price)) for price in (bar.open, bar.high, bar.low, bar.close)),
                int(bar.turnover),
            ]
            for bar in bars
            if first <= bar.start_s * 1_000 <= last
        ]
        return {"results": rows}

    def _need(self, market: str) -> str:
        if market not in self._exchange.instruments:
            raise Complaint("MARKET_NOT_FOUND")
        return market

    def _summary(self, symbol: str) -> Row:
        state = self._exchange.market(symbol)
        change = divide(state.last, state.open_24h) - 1 if state.open_24h else ZERO
        return {
            "symbol": symbol,
            "mark_price": plain(state.mark),
            "underlying_price": plain(state.index),
            "last_traded_price": plain(state.last),
            "open_interest": plain(state.open_interest),
            "volume_24h": plain(state.turnover_24h),
            "total_volume": plain(state.turnover_24h),
            "price_change_rate_24h": plain(change.quantize(Decimal("1e-6"))),
            "funding_rate": plain(state.funding_rate),
            "created_at": millis(self._exchange.now_ns),
        } | _sides(*best_of(self._exchange, symbol))


def _sides(bid: Level | None, ask: Level | None) -> Row:
    """Return the best levels, empty where there is none."""
    amounts = [amount for level in (bid, ask) for amount in (level or (None, None))]
    texts = ["" if amount is None else plain(amount) for amount in amounts]
    return dict(zip(("bid", "bid_size", "ask", "ask_size"), texts, strict=True))
