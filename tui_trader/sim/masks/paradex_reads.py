"""What an account may ask of Paradex's exchange: orders open and past, executions, payments, positions, money, margin.

It changes nothing. Lists of the past come in pages whose cursor is signed. Source: REST reference of docs.paradex.trade,
August 2026.
"""

from __future__ import annotations

import hashlib
from typing import Final

from tui_trader.core.types import PositionSide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.paradex_args import Complaint
from tui_trader.sim.masks.paradex_rows import (
    Row,
    account_row,
    fill_row,
    millis,
    order_row,
    payment_row,
    position_row,
    was_received,
)

PAGE: Final = 100

Args = dict[str, str]


class AccountReads:
    """Answers what an account asks."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def open_orders(self, account: str, args: Args) -> Row:
        """Return the open orders, of one market or of all."""
        return {"results": [order_row(order) for order in self._exchange.open_orders(account, args.get("market"))]}

    def history(self, account: str, args: Args) -> Row:
        """Return orders in any state, newest first."""
        market, client_id = args.get("market"), args.get("client_id")
        since = int(args.get("start_at", 0))
        orders = [*self._exchange.open_orders(account, market), *self._exchange.closed_orders(account, market)]
        found = [one for one in orders if was_received(one) and client_id in (None, one.client_id)]
        found.sort(key=lambda order: order.created_ns, reverse=True)
        return self._pages(args, [order_row(order) for order in found if millis(order.created_ns) >= since])

    def positions(self, account: str) -> Row:
        """Return what is held."""
        exchange = self._exchange
        return {"results": [position_row(exchange, account, one) for one in exchange.positions(account) if one.qty]}

    def account(self, account: str) -> Row:
        """Return what the account is worth."""
        return account_row(self._exchange, account)

    def balance(self, account: str) -> Row:
        """Return the collateral, by token."""
        row = account_row(self._exchange, account)
        return {"results": [{"token": "USDC", "size": row["total_collateral"], "last_updated_at": row["updated_at"]}]}

    def margin(self, account: str, args: Args) -> Row:
        """Return what will back the next position of a market."""
        market = args.get("market", "")
        known = market in self._exchange.instruments
        held = self._exchange.position(account, market, PositionSide.MERGED) if known else None
        leverage = int(held.leverage) if held is not None else 1
        return {"account": account, "configs": [{"market": market, "leverage": leverage, "margin_type": "CROSS"}]}

    def fills(self, account: str, args: Args) -> Row:
        """Return executions, newest first."""
        since = int(args.get("start_at", 0)) * 1_000_000
        fills = self._exchange.fills(account, args.get("market"), since)
        return self._pages(args, [fill_row(report) for report in reversed(fills)])

    def payments(self, account: str, args: Args) -> Row:
        """Return funding payments, newest first."""
        charges = self._exchange.funding(account, args.get("market"))
        return self._pages(args, [payment_row(charge) for charge in reversed(charges)])

    def transfers(self, account: str, args: Args) -> Row:
        """Return deposits and withdrawals: there are none here."""
        return self._pages(args, [])

    def _pages(self, args: Args, rows: list[Row]) -> Row:
        """Cut a list into pages; the cursor is opaque and signed, so that one that was touched is refused."""
        size = min(int(args.get("page_size", PAGE)), 5_000)
        start = 0
        if cursor := args.get("cursor"):
            place, _, proof = cursor.partition(".")
            if _proof(place) != proof:
                raise Complaint("VALIDATION_ERROR", "bad cursor")
            start = int(place)
        following = str(start + size) if start + size < len(rows) else ""
        return {
            "next": f"{following}.{_proof(following)}" if following else "",
            "prev": "",
            "results": rows[start : start + size],
        }


def _proof(place: str) -> str:
    return hashlib.sha256(f"cursor {place}".encode()).hexdigest()[:16]
