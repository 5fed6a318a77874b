"""Money between an account's wallet and its trading accounts: what an order may use, and what it may not.

A transfer to or from the USD trading account changes coins into dollars at the index, because the wallet holds coins; the
insurance account is the other side of that, so nothing is created.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from tui_trader.core.decimals import CONTEXT, ONE, ZERO, divide
from tui_trader.sim.credit import available
from tui_trader.sim.floor import Floor
from tui_trader.sim.ledger import INSURANCE
from tui_trader.sim.types import Move, Refusal


def transfer(floor: Floor, account: str, currency: str, amount: Decimal, link: str = "") -> Move | Refusal:
    """Bring ``amount`` from the wallet to the trading account of ``currency``, or take it back when negative.

    A ``link`` that was used before is not executed again: the first transfer is returned.
    """
    before = _known(floor, account, link)
    if before is not None:
        return before
    refusal = _refuse(floor, account, currency, amount, currency, -amount)
    return refusal or _book(floor, account, currency, amount, link, currency, -amount)


def exchange_usd(floor: Floor, account: str, amount: Decimal, price: Decimal, link: str = "") -> Move | Refusal:
    """Change bitcoin of the wallet into dollars of the USD trading account, or back when negative, at ``price``.

    ``amount`` is in bitcoin to come in, in dollars to go out.
    """
    before = _known(floor, account, link)
    if before is not None:
        return before
    if not price:
        return Refusal.NO_MARKET
    dollars = _down(amount * price, 4) if amount > 0 else amount
    coins = -amount if amount > 0 else _down(divide(-amount, price), 8)
    refusal = _refuse(floor, account, "USD", dollars, "BTC", coins)
    if refusal:
        return refusal
    floor.ledger.transfer(INSURANCE, account, "USD", dollars)
    floor.ledger.accounts[account].wallet["BTC"] = floor.ledger.accounts[account].wallet.get("BTC", ZERO) + coins
    floor.ledger.credit(INSURANCE, "BTC", -coins)
    return floor.outbox.move(account, "USD", dollars, "transfer", link, "BTC", coins)


def _known(floor: Floor, account: str, link: str) -> Move | None:
    return next((one for one in floor.outbox.moves.get(account, ()) if link and one.link == link), None)


def _refuse(floor: Floor, account: str, currency: str, amount: Decimal, coin: str, coins: Decimal) -> Refusal:
    held = floor.ledger.accounts[account]
    if currency not in held.balances:
        return Refusal.WALLET_UNKNOWN
    if coins < 0 and held.wallet.get(coin, ZERO) + coins < 0:
        return Refusal.WALLET_BALANCE
    orders = floor.open.get(account, {}).values()
    if amount < 0 and available(floor.ledger, account, currency, orders) + amount < 0:
        return Refusal.NO_BALANCE
    return Refusal.NONE


def _book(floor: Floor, account: str, currency: str, amount: Decimal, link: str, coin: str, coins: Decimal) -> Move:
    wallet = floor.ledger.accounts[account].wallet
    wallet[coin] = wallet.get(coin, ZERO) + coins
    floor.ledger.credit(account, currency, amount)
    return floor.outbox.move(account, currency, amount, "transfer", link, coin, coins)


def _down(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(ONE.scaleb(-places), rounding=ROUND_FLOOR, context=CONTEXT)
