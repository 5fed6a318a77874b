"""What an account may ask about its COIN-M contracts: orders, history, positions; and its settings of leverage and margin."""

from __future__ import annotations

from collections.abc import Callable

from tui_trader.core.types import PositionSide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.phemex_args import Args, Complaint, need, number, optional
from tui_trader.sim.masks.phemex_coin_rows import (
    coin_data_order,
    coin_fill,
    coin_funding_fee,
    coin_funding_trade,
    coin_history_order,
    coin_marked_position,
    coin_order,
    coin_rest_position,
)
from tui_trader.sim.masks.phemex_coin_stream import coin_account_row, coin_position_row
from tui_trader.sim.masks.phemex_family import coin_contracts
from tui_trader.sim.masks.phemex_gate import refusal
from tui_trader.sim.masks.phemex_orders import answer
from tui_trader.sim.masks.phemex_pages import page, within
from tui_trader.sim.masks.phemex_rows import Row
from tui_trader.sim.masks.phemex_stream import find_position
from tui_trader.sim.masks.phemex_terms import listed
from tui_trader.sim.types import Refusal, SimOrder

RATIO = -8


class CoinReads:
    """The endpoints of COIN-M that show an account, and those that set leverage, risk limit and margin."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._contracts = coin_contracts(exchange)

    # -- orders ----------------------------------------------------------------------------------------------------

    def open_orders(self, account: str, args: Args) -> RestReply:
        """``GET /orders/activeList``: 10002 when there are none."""
        symbol = self._listed(args)
        orders = sorted(self._exchange.open_orders(account, symbol), key=lambda o: o.created_ns, reverse=True)
        if not orders:
            return refusal(*words.NOT_FOUND)
        return answer({"rows": [coin_order(self._exchange, order) for order in orders]})

    def open_order(self, account: str, args: Args) -> RestReply:
        """``GET /orders/active``: one open order by id."""
        symbol = self._listed(args)
        found = [order for order in self._named(account, args) if order.symbol == symbol and order.status.is_open]
        return answer(coin_order(self._exchange, found[0])) if found else refusal(*words.NOT_FOUND)

    def by_ids(self, account: str, args: Args) -> RestReply:
        """``GET /exchange/order``: orders in any state, by comma-separated ids of either kind."""
        symbol = self._listed(args)
        found = [order for order in self._named(account, args) if order.symbol == symbol]
        return answer([coin_history_order(self._exchange, order) for order in found], "OK")

    def by_order_id(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/futures/orders/by-order-id``: the same in the shape of that service."""
        symbol = self._listed(args)
        found = [order for order in self._named(account, args) if order.symbol == symbol]
        return answer([coin_data_order(self._exchange, order) for order in found], "OK")

    def order_list(self, account: str, args: Args) -> RestReply:
        """``GET /exchange/order/list``: orders in any state, newest first; ``ordStatus`` chooses among them."""
        wanted = {word for word in optional(args, "ordStatus").split(",") if word}
        rows = self._orders(account, args, coin_history_order)
        rows = [row for row in rows if not wanted or row["ordStatus"] in wanted]
        return answer({"total": len(rows), "rows": page(rows, args)}, "OK")

    def orders(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/futures/orders``: finished orders, newest first, in a bare list."""
        rows = self._orders(account, args, coin_data_order)
        return answer(
            page([row for row in rows if row["ordStatus"] not in ("New", "PartiallyFilled", "Untriggered")], args), "OK"
        )

    def order_trades(self, account: str, args: Args) -> RestReply:
        """``GET /exchange/order/trade``: executions and funding settlements, newest first; ``tradeType`` chooses among them."""
        rows = self._trades(account, args)
        return answer({"total": len(rows), "rows": page(rows, args)}, "OK")

    def trades(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/futures/trades``: the same in a bare list, with the profit each realised."""
        realised = {report.exec_id: report for report in self._exchange.fills(account)}
        rows = []
        for row in page(self._trades(account, args), args):
            report = realised.get(row["execID"])
            closed = 0 if report is None else int(report.exec_realised.scaleb(self._contracts[row["symbol"]].value_scale))
            rows.append({**row, "closedPnlEv": closed, "closedSize": 0})
        return answer(rows, "OK")

    def funding_fees(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/futures/funding-fees``: own payments, newest first."""
        symbol = optional(args, "symbol")
        rows = [
            coin_funding_fee(self._contracts[charge.symbol], charge)
            for charge in reversed(self._exchange.funding(account, symbol or None))
            if charge.symbol in self._contracts and within(args, charge.at_ns // 1_000_000)
        ]
        return answer({"total": len(rows), "rows": page(rows, args)}, "OK")

    # -- positions -------------------------------------------------------------------------------------------------

    def account_positions(self, account: str, args: Args) -> RestReply:
        """``GET /accounts/accountPositions``: wallet and every position of the currency, flat ones too."""
        return self._positions(account, args, marked=False)

    def marked_positions(self, account: str, args: Args) -> RestReply:
        """``GET /accounts/positions``: the same valued at mark, without the JSON numbers."""
        return self._positions(account, args, marked=True)

    def set_leverage(self, account: str, args: Args) -> RestReply:
        """``PUT /positions/leverage``: ``leverage`` wins over ``leverageEr``; sign and zero as in the other family."""
        symbol = self._listed(args)
        value = number(args, "leverage")
        if value is None:
            scaled = number(args, "leverageEr")
            if scaled is None:
                raise Complaint(10500, "Missing required parameter")
            value = scaled.scaleb(RATIO)
        result = self._exchange.set_leverage(account, symbol, None, abs(value), isolated=value > 0)
        return answer("OK", "OK") if result is Refusal.NONE else refusal(*words.REFUSAL[result])

    def set_risk_limit(self, account: str, args: Args) -> RestReply:
        """``PUT /positions/riskLimit``: ``riskLimitEv``, or the plain number ``riskLimit``; one of the contract's steps."""
        symbol = self._listed(args)
        limit = number(args, "riskLimit")
        if limit is None:
            scaled = number(args, "riskLimitEv")
            if scaled is None:
                raise Complaint(10500, "Missing required parameter")
            limit = scaled.scaleb(-self._contracts[symbol].value_scale)
        result = self._exchange.set_risk_limit(account, symbol, limit)
        return answer("OK", "OK") if result is Refusal.NONE else refusal(*words.REFUSAL[result])

    def assign_margin(self, account: str, args: Args) -> RestReply:
        """``POST /positions/assign`` with query arguments: the margin to have, not to add; ``posBalance`` or ``posBalanceEv``."""
        symbol = self._listed(args)
        target = number(args, "posBalance")
        if target is None:
            scaled = number(args, "posBalanceEv")
            if scaled is None:
                raise Complaint(*words.BAD_ARGUMENT)
            target = scaled.scaleb(-self._contracts[symbol].value_scale)
        held = find_position(self._exchange, account, symbol, PositionSide.MERGED).margin
        result = self._exchange.assign_margin(account, symbol, PositionSide.MERGED, target - held)
        return answer("OK") if result is Refusal.NONE else refusal(*words.REFUSAL[result])

    # -- inside ----------------------------------------------------------------------------------------------------

    def _listed(self, args: Args) -> str:
        return listed(self._exchange, need(args, "symbol"), coin=True)

    def _named(self, account: str, args: Args) -> list[SimOrder]:
        order_ids, client_ids = optional(args, "orderID"), optional(args, "clOrdID")
        if not order_ids and not client_ids:
            raise Complaint(10500, "Missing required parameter")
        if order_ids:
            found = [self._exchange.order(account, order_id=name) for name in order_ids.split(",")]
        else:
            found = [self._exchange.order(account, client_id=name) for name in client_ids.split(",")]
        return [order for order in found if order is not None]

    def _orders(self, account: str, args: Args, dressed: Callable[[Exchange, SimOrder], Row]) -> list[Row]:
        symbol = self._listed(args)
        orders = [*self._exchange.closed_orders(account, symbol), *self._exchange.open_orders(account, symbol)]
        orders.sort(key=lambda order: order.created_ns, reverse=True)
        return [dressed(self._exchange, order) for order in orders if within(args, order.created_ns // 1_000_000)]

    def _trades(self, account: str, args: Args) -> list[Row]:
        symbol, kind = optional(args, "symbol"), optional(args, "tradeType")
        rows = [
            coin_fill(self._contracts[report.order.symbol], report)
            for report in self._exchange.fills(account, symbol or None)
            if report.order.symbol in self._contracts
        ]
        rows += [
            coin_funding_trade(self._contracts[charge.symbol], charge)
            for charge in self._exchange.funding(account, symbol or None)
            if charge.symbol in self._contracts
        ]
        rows.sort(key=lambda row: int(row["transactTimeNs"]), reverse=True)
        return [row for row in rows if kind in ("", row["tradeType"]) and within(args, row["transactTimeNs"] // 1_000_000)]

    def _positions(self, account: str, args: Args, *, marked: bool) -> RestReply:
        currency = need(args, "currency")
        contracts = [one for one in self._contracts.values() if one.settle == currency]
        if not contracts or currency not in self._exchange.accounts[account].balances:
            raise Complaint(11097, "TE_CANNOT_FIND_WALLET_OF_THIS_CURRENCY")
        wallet = coin_account_row(self._exchange, account, currency)
        dressed = coin_marked_position if marked else coin_rest_position
        rows = []
        for instrument in contracts:
            position = find_position(self._exchange, account, instrument.symbol, PositionSide.MERGED)
            rows.append(dressed(instrument, coin_position_row(self._exchange, account, position)))
        return answer(
            {
                "account": {
                    "userID": wallet["userID"],
                    "accountId": wallet["accountID"],
                    "currency": currency,
                    "accountBalanceEv": wallet["accountBalanceEv"],
                    "totalUsedBalanceEv": wallet["totalUsedBalanceEv"],
                    "bonusBalanceEv": 0,
                },
                "positions": rows,
            }
        )
