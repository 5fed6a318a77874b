"""Rows of COIN-M's private stream ``aop``: the other family's rows in scaled integers, with what only this family has.

The captures of 2019 have fewer fields than production has since; what is added is what the captures of 2022 to 2025 show.
"""

from __future__ import annotations

from typing import Final

from tui_trader.core.types import Liquidity
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.phemex_coin_rows import in_coin, value_ev
from tui_trader.sim.masks.phemex_rows import Row, numeric_account
from tui_trader.sim.masks.phemex_stream import funding_row, order_row, position_row, report_row
from tui_trader.sim.types import Event, FundingCharge, Report, SimOrder, SimPosition

_ORDER_LACKS: Final = (
    *("apRp", "bpRp", "cl_req_code", "cumFeeRv", "cumPtFeeRv", "ptFeeRv", "ptPriceRp", "posSide"),
    *("slPxRp", "slTimeInForce", "tpPxRp", "tpTimeInForce", "pegOffsetProportionRr"),
)
_POSITION_LACKS: Final = ("cumPtFeeRv", "minPosCostRv", "posMode", "posSide")


def coin_order_row(exchange: Exchange, order: SimOrder) -> Row:
    """Return an order as a snapshot has it."""
    return _order(exchange, order.symbol, order_row(exchange, order))


def coin_report_row(exchange: Exchange, report: Report) -> Row:
    """Return an order as an increment has it, right after ``report``."""
    row = _order(exchange, report.order.symbol, report_row(exchange, report))
    if report.event is Event.FILL:
        maker = report.liquidity is Liquidity.MAKER
        row["lastLiquidityInd"] = "AddedLiquidity" if maker else "RemovedLiquidity"
    return row


def coin_funding_row(exchange: Exchange, charge: FundingCharge) -> Row:
    """Return a funding settlement as an order row."""
    row = _order(exchange, charge.symbol, funding_row(exchange, charge))
    return {**row, "orderQty": 0, "ordType": "UNSPECIFIED", "execStatus": "Init", "tradeType": "Funding"}


def coin_position_row(exchange: Exchange, account: str, position: SimPosition) -> Row:
    """Return a position: a complete row, also when flat."""
    row = position_row(exchange, account, position)
    kept = {name: value for name, value in row.items() if name not in _POSITION_LACKS}
    return in_coin(exchange.instruments[position.symbol], kept)


def coin_account_row(exchange: Exchange, account: str, currency: str) -> Row:
    """Return a wallet (captured 2025-11)."""
    balance, used = exchange.wallet(account, currency)
    user, number = numeric_account(account, currency)
    instrument = next(one for one in exchange.instruments.values() if one.settle == currency)
    return {
        "accountBalanceEv": value_ev(instrument, balance),
        "accountID": number,
        "bonusBalanceEv": 0,
        "currency": currency,
        "liqStatus": "Normal",
        "marginRatioEr": 99_900_000_000,
        "status": 1,
        "totalUsedBalanceEv": value_ev(instrument, used),
        "userID": user,
        "userMode": "Classic",
        "ver": 1,
    }


def _order(exchange: Exchange, symbol: str, row: Row) -> Row:
    kept = {name: value for name, value in row.items() if name not in _ORDER_LACKS}
    if not kept["tradeType"]:
        del kept["tradeType"]
    return in_coin(exchange.instruments[symbol], kept)
