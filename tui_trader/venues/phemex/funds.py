"""Rows about money that moved without a trade, and about what trading costs, as our values. Source: the transfer reference, the
asset list of the older reference, fee rates and funds detail of the contract reference."""

from __future__ import annotations

from typing import Final

from tui_trader.core.error import WireError
from tui_trader.core.funds import FeeRate, FundsEntry, Transfer, TransferState
from tui_trader.core.sanitise import is_symbol, sanitise
from tui_trader.core.types import InstrumentId
from tui_trader.venues.phemex.rows import Row
from tui_trader.venues.phemex.words import VENUE

NS_PER_MS: Final = 1_000_000

_STATE: Final = {10: TransferState.DONE, 3: TransferState.FAILED, 11: TransferState.FAILED}
"""By ``status``; every other number is "under processing"."""

_REASON: Final = {3: "rejected by the venue", 11: "failed at the venue"}

_TO_TRADING: Final = {1: False, 2: True}
"""By ``moveOp``, and by ``side`` of the newer call; 3 and 4 exchange bitcoin for dollars on the way and are no transfers."""


def transfer_of(row: Row) -> Transfer | None:
    """Return the movement that an answer or a history row describes; None for one that converts."""
    operation = row.whole("moveOp", "side")
    to_trading = _TO_TRADING.get(operation)
    if to_trading is None:
        return None
    currency = row.text("currency", "fromCurrencyName")
    if not is_symbol(currency):
        raise WireError("transfer without a currency")
    amount = row.number("amountEv", "fromAmount")
    if amount is None or amount < 0:
        raise WireError("transfer without an amount")
    status = row.whole("status")
    return Transfer(
        key=row.identity("linkKey"),
        currency=currency,
        amount=amount,
        to_trading=to_trading,
        state=_STATE.get(status, TransferState.UNDER_WAY),
        at_ns=row.whole("createTime") * NS_PER_MS,
        reason=_REASON.get(status, ""),
    )


def entry_of(row: Row) -> FundsEntry:
    """Return one line of the journal of a trading account."""
    currency = row.text("currency")
    amount = row.number("amountRv", "amountEv")
    balance = row.number("balanceRv", "balanceEv")
    if not is_symbol(currency) or amount is None or balance is None:
        raise WireError("journal line without currency, amount or balance")
    at_ns = row.whole("createTime") * NS_PER_MS
    return FundsEntry(VENUE, currency, sanitise(row.text("typeDesc"), 40), amount, balance, at_ns)


def fee_rate_of(row: Row) -> FeeRate:
    """Return what one contract costs; the scale of these rates is 8 everywhere."""
    maker, taker = row.number("makerFeeRateEr"), row.number("takerFeeRateEr")
    if maker is None or taker is None:
        raise WireError("fee rate lacks a number")
    if not -1 < maker < 1 or not 0 <= taker < 1:
        raise WireError("fee rate out of this world")
    return FeeRate(InstrumentId(VENUE, row.symbol()), maker, taker)
