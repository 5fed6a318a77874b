"""What an account may ask about its USDⓈ-M contracts: open orders, history, positions; and its settings of leverage and mode."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tui_trader.core.types import PositionMode, PositionSide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.phemex_args import Args, Complaint, need, number, optional
from tui_trader.sim.masks.phemex_family import STABLE_COINS, stable_contracts
from tui_trader.sim.masks.phemex_gate import refusal
from tui_trader.sim.masks.phemex_history import (
    closed_position,
    fill_row,
    funding_fee,
    funding_trade,
    history_order,
    listed_fill,
    listed_order,
)
from tui_trader.sim.masks.phemex_orders import answer
from tui_trader.sim.masks.phemex_pages import page, within
from tui_trader.sim.masks.phemex_rows import Row, rest_order
from tui_trader.sim.masks.phemex_stream import account_row, find_position, position_row
from tui_trader.sim.masks.phemex_terms import listed
from tui_trader.sim.terms import Term, terms
from tui_trader.sim.types import FundingCharge, Refusal, Report, SimOrder, SimPosition

_STREAM_ONLY = (
    "buyLeavesQty",
    "buyLeavesValueRv",
    "createdAtNs",
    "crossSharedBalanceRv",
    "cumPtFeeRv",
    "dataVer",
    "displayLeverageRr",
    "freeCostRv",
    "freeQty",
    "lastFundingTime",
    "lastTermEndTime",
    "minPosCostRv",
    "orderCostRv",
    "sellLeavesQty",
    "sellLeavesValueRv",
    "unrealisedPnlRv",
    "updatedAtNs",
)


class AccountReads:
    """The endpoints that show an account, and those that set leverage, mode and margin."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._contracts = stable_contracts(exchange)

    # -- orders ----------------------------------------------------------------------------------------------------

    def open_orders(self, account: str, args: Args) -> RestReply:
        """``GET /g-orders/activeList``: 10002 when there are none."""
        symbol = listed(self._exchange, need(args, "symbol"))
        orders = sorted(self._exchange.open_orders(account, symbol), key=lambda o: o.created_ns, reverse=True)
        if not orders:
            return refusal(*words.NOT_FOUND)
        return answer({"rows": [rest_order(self._exchange, order) for order in orders], "nextPageArg": ""})

    def open_order(self, account: str, args: Args) -> RestReply:
        """``GET /g-orders/active``: one open order by id."""
        symbol = listed(self._exchange, need(args, "symbol"))
        order = self._order(account, args)
        if order is None or order.symbol != symbol or not order.status.is_open:
            return refusal(*words.NOT_FOUND)
        return answer(rest_order(self._exchange, order))

    def by_order_id(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/g-futures/orders/by-order-id``: any state; an empty list when there is no such order."""
        symbol = listed(self._exchange, need(args, "symbol"))
        order = self._order(account, args)
        rows = [] if order is None or order.symbol != symbol else [history_order(self._exchange, order)]
        return answer(rows, "OK")

    def orders(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/g-futures/orders``: finished orders, newest first."""
        rows = [history_order(self._exchange, order) for order in self._closed(account, args)]
        return answer({"total": len(rows), "rows": page(rows, args)}, "OK")

    def order_list(self, account: str, args: Args) -> RestReply:
        """``GET /exchange/order/v2/orderList``: the same with numbers for words."""
        wanted = {word for word in optional(args, "ordStatus").split(",") if word}
        rows = [listed_order(self._exchange, order) for order in self._closed(account, args)]
        rows = [row for row in rows if not wanted or str(row["ordStatus"]) in wanted]
        return answer({"total": len(rows), "rows": page(rows, args)}, "OK")

    def trades(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/g-futures/trades``: executions and funding settlements, newest first, in a bare list."""
        rows = [fill_row(self._exchange.instruments[report.order.symbol], report) for report in self._fills(account, args)]
        rows += [funding_trade(self._exchange.instruments[charge.symbol], charge) for charge in self._funding(account, args)]
        rows.sort(key=lambda row: int(row["transactTimeNs"]), reverse=True)
        rows = [row for row in rows if within(args, row["transactTimeNs"] // 1_000_000)]
        return answer(page(rows, args), "OK")

    def trading_list(self, account: str, args: Args) -> RestReply:
        """``GET /exchange/order/v2/tradingList``: executions, newest first, numbers for words."""
        rows = [
            listed_fill(self._exchange.instruments[report.order.symbol], report)
            for report in reversed(self._fills(account, args))
        ]
        return answer({"total": len(rows), "rows": page(rows, args)}, "OK")

    def closed_positions(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/g-futures/closedPosition``: terms that ended and those that still run, newest first."""
        found: list[tuple[Term, Row]] = []
        for instrument in self._contracts.values():
            if self._wanted(instrument.symbol, args):
                fills = self._exchange.fills(account, instrument.symbol)
                for term in terms(instrument, fills, self._exchange.funding(account, instrument.symbol)):
                    position = find_position(self._exchange, account, instrument.symbol, term.leg)
                    found.append((term, closed_position(instrument, term, position)))
        found.sort(key=lambda one: one[0].opened_ns, reverse=True)
        return answer(page([row for _, row in found], args), "OK")

    def funding_fees(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/g-futures/funding-fees``: own payments, newest first."""
        rows = [funding_fee(self._exchange.instruments[charge.symbol], charge) for charge in self._funding(account, args)]
        return answer({"total": len(rows), "rows": page(rows[::-1], args)}, "OK")

    # -- positions -------------------------------------------------------------------------------------------------

    def account_positions(self, account: str, args: Args) -> RestReply:
        """``GET /g-accounts/accountPositions``: wallet and every leg of the currency, flat ones too."""
        return self._positions(account, args, marked=False)

    def marked_positions(self, account: str, args: Args) -> RestReply:
        """``GET /g-accounts/positions``: the same valued at mark; size is ``sizeRq`` and profit ``unRealisedPnlRv`` here."""
        return self._positions(account, args, marked=True)

    def set_leverage(self, account: str, args: Args) -> RestReply:
        """``PUT /g-positions/leverage``: the sign chooses the margin mode; zero is cross at the highest leverage."""
        symbol = listed(self._exchange, need(args, "symbol"))
        both = number(args, "leverageRr")
        legs: list[tuple[PositionSide | None, Decimal | None]]
        if both is not None:
            legs = [(None, both)]
        else:
            legs = [
                (PositionSide.LONG, number(args, "longLeverageRr")),
                (PositionSide.SHORT, number(args, "shortLeverageRr")),
            ]
        for leg, value in legs:
            if value is None:
                raise Complaint(10500, "Missing required parameter")
            leverage = abs(value) or self._exchange.instruments[symbol].max_leverage
            result = self._exchange.set_leverage(account, symbol, leg, leverage, isolated=value > 0)
            if result is not Refusal.NONE:
                return refusal(*words.REFUSAL[result])
        return answer("OK")

    def set_mode(self, account: str, args: Args) -> RestReply:
        """``PUT /g-positions/switch-pos-mode-sync``."""
        symbol = listed(self._exchange, need(args, "symbol"))
        mode = words.MODE_OF.get(need(args, "targetPosMode"))
        if mode is None:
            raise Complaint(*words.BAD_ARGUMENT)
        result = self._exchange.set_position_mode(account, symbol, mode)
        return answer("ok") if result is Refusal.NONE else refusal(*words.REFUSAL[result])

    def assign_margin(self, account: str, args: Args) -> RestReply:
        """``POST /g-positions/assign`` with query arguments: ``posBalanceRv`` is the margin to have, not to add."""
        symbol = listed(self._exchange, need(args, "symbol"))
        leg = words.POSITION_SIDE_OF.get(need(args, "posSide"))
        target = number(args, "posBalanceRv")
        if leg is None or target is None:
            raise Complaint(*words.BAD_ARGUMENT)
        held = find_position(self._exchange, account, symbol, leg).margin
        result = self._exchange.assign_margin(account, symbol, leg, target - held)
        return answer("OK") if result is Refusal.NONE else refusal(*words.REFUSAL[result])

    # -- inside ----------------------------------------------------------------------------------------------------

    def _order(self, account: str, args: Args) -> SimOrder | None:
        order_id, client_id = optional(args, "orderID"), optional(args, "clOrdID")
        if not order_id and not client_id:
            raise Complaint(10500, "Missing required parameter")
        if order_id:
            return self._exchange.order(account, order_id=order_id)
        return self._exchange.order(account, client_id=client_id)

    def _closed(self, account: str, args: Args) -> list[SimOrder]:
        symbol, currency = optional(args, "symbol"), optional(args, "currency")
        if not symbol and not currency:
            raise Complaint(10500, "Missing required parameter")
        orders = [
            order
            for order in self._exchange.closed_orders(account, symbol or None)
            if self._wanted(order.symbol, args) and within(args, order.created_ns // 1_000_000)
        ]
        return sorted(orders, key=lambda order: order.created_ns, reverse=True)

    def _funding(self, account: str, args: Args) -> list[FundingCharge]:
        charges = self._exchange.funding(account, optional(args, "symbol") or None)
        return [charge for charge in charges if self._wanted(charge.symbol, args)]

    def _fills(self, account: str, args: Args) -> list[Report]:
        fills = self._exchange.fills(account, optional(args, "symbol") or None)
        return [report for report in fills if self._wanted(report.order.symbol, args)]

    def _wanted(self, symbol: str, args: Args) -> bool:
        """Whether a contract is of this family and fits the ``symbol`` and the ``currency`` that a request may name."""
        instrument = self._contracts.get(symbol)
        if instrument is None or optional(args, "symbol") not in ("", symbol):
            return False
        return optional(args, "currency") in ("", instrument.settle)

    def _positions(self, account: str, args: Args, *, marked: bool) -> RestReply:
        currency = need(args, "currency")
        if currency not in STABLE_COINS or currency not in self._exchange.accounts[account].balances:
            raise Complaint(11097, "TE_CANNOT_FIND_WALLET_OF_THIS_CURRENCY")
        symbol = optional(args, "symbol")
        wallet = account_row(self._exchange, account, currency)
        user, number_ = wallet["userID"], wallet["accountID"]
        return answer(
            {
                "account": {
                    "userID": user,
                    "accountId": number_,
                    "currency": currency,
                    "accountBalanceRv": wallet["accountBalanceRv"],
                    "totalUsedBalanceRv": wallet["totalUsedBalanceRv"],
                    "bonusBalanceRv": "0",
                },
                "positions": [
                    _rest_position(position_row(self._exchange, account, position), marked=marked)
                    for position in self._legs(account, currency)
                    if symbol in ("", position.symbol)
                ],
            }
        )

    def _legs(self, account: str, currency: str) -> Iterable[SimPosition]:
        modes = self._exchange.accounts[account].modes
        for instrument in self._contracts.values():
            if instrument.settle != currency:
                continue
            hedged = modes.get(instrument.symbol) is PositionMode.HEDGED
            for leg in (PositionSide.LONG, PositionSide.SHORT) if hedged else (PositionSide.MERGED,):
                yield find_position(self._exchange, account, instrument.symbol, leg)


def _rest_position(row: Row, *, marked: bool) -> Row:
    """Return a stream row in REST's dress."""
    out: dict[str, Any] = {name: value for name, value in row.items() if name not in _STREAM_ONLY}
    # The flag is no guide: production sends it false beside a negative leverage, which is cross.
    out["crossMargin"] = False
    out["lastFundingTimeNs"] = row["lastFundingTime"]
    out["lastTermEndTimeNs"] = row["lastTermEndTime"]
    if not marked:
        leaves = {
            "buyLeavesQtyRq": row["buyLeavesQty"],
            "buyLeavesValueRv": row["buyLeavesValueRv"],
            "sellLeavesQtyRq": row["sellLeavesQty"],
            "sellLeavesValueRv": row["sellLeavesValueRv"],
        }
        return {**out, "avgEntryPrice": row["avgEntryPriceRp"], **leaves}
    out["sizeRq"] = out.pop("size")
    return {
        **out,
        "unRealisedPnlRv": row["unrealisedPnlRv"],
        "markValueEv": 0,
        "unRealisedPosLossEv": 0,
        "takeProfitEp": 0,
        "stopLossEp": 0,
        "realisedPnlEv": 0,
        "cumRealisedPnlEv": 0,
    }
