"""What an account may ask of Paradex's exchange: orders open and past, executions, payments, positions, money, margin.

It changes nothing. Lists of the past come in pages. Source: REST reference of docs.paradex.trade,
August 2026.
"""

from __future__ import annotations

from tui_trader.core.types import PositionSide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.paradex_pages import Args, paged, whole, within
from tui_trader.sim.masks.paradex_rows import (
    Row,
    account_row,
    fill_row,
    millis,
    number_of,
    order_row,
    payment_row,
    position_row,
    was_received,
)


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
        orders = [*self._exchange.open_orders(account, market), *self._exchange.closed_orders(account, market)]
        found = [one for one in orders if was_received(one) and client_id in (None, one.client_id)]
        found.sort(key=lambda order: order.created_ns, reverse=True)
        return paged(args, within(args, [order_row(order) for order in found]))

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
        since = whole(args, "start_at", 0) * 1_000_000
        fills = self._exchange.fills(account, args.get("market"), since)
        return paged(args, within(args, [fill_row(report) for report in reversed(fills)]))

    def payments(self, account: str, args: Args) -> Row:
        """Return funding payments, newest first."""
        charges = self._exchange.funding(account, args.get("market"))
        return paged(args, within(args, [payment_row(charge) for charge in reversed(charges)]))

    def liquidations(self, account: str, args: Args) -> Row:
        """Return when the venue closed a position of the account, and under which number; this list says no more, in one page."""
        first, last = whole(args, "from", 0), whole(args, "to", 10**17)
        closed = [report for report in self._exchange.fills(account) if report.kind == "liquidation"]
        told = [one for one in reversed(closed) if first <= millis(one.at_ns) <= last]
        return {"results": [{"created_at": millis(one.at_ns), "id": hex(int(number_of(one.exec_id)))} for one in told]}

    def info(self, account: str) -> Row:
        """Return what kind of account it is: a main one."""
        names = ("derivation_path", "isolated_market", "parent_account", "public_key", "username")
        return {"results": [{"account": account, "created_at": 0, "kind": "main"} | dict.fromkeys(names, "")]}

    def never(self, args: Args) -> Row:
        """Return a list of what does not happen here: what a chain undoes, transactions, orders that the venue works."""
        return paged(args, [])

    def transfers(self, account: str, args: Args) -> Row:
        """Return deposits and withdrawals: there are none here."""
        return paged(args, [])
