"""Paradex's error codes and reasons: what each one proves, and how to say it to a trader.

It must not know HTTP. A code is a rejection only when it is known to mean that nothing happened; every other one on a write
leaves the outcome UNKNOWN. Sources: docs.paradex.trade, "Error codes" and the responses of the REST reference, August 2026.
"""

from __future__ import annotations

import re
from typing import Final

from tui_trader.core.sanitise import sanitise
from tui_trader.secrets.redactor import REDACTOR

EXPIRED: Final = frozenset({"INVALID_TOKEN", "TOKEN_EXPIRED"})
"""The token is not good any more: nothing was done, and a new one is to be had."""

BAD_KEY: Final = frozenset({"NOT_ONBOARDED", "INVALID_SUBKEY", "IP_NOT_ALLOWED", "GEO_IP_BLOCK"})
"""Said of the key, or of where it is used from: every other signed request will hear the same."""

BAD_LOGIN: Final = frozenset({"INVALID_STARKNET_SIGNATURE", "STARKNET_SIGNATURE_VERIFICATION_FAILED", "UNAUTHORIZED_ERROR"})
"""Said of the key where a token was asked for; of an order they are said of its signature alone."""

NOT_FOUND: Final = frozenset({"ORDER_ID_NOT_FOUND", "CLIENT_ORDER_ID_NOT_FOUND", "ORDER_IS_CLOSED", "ORDER_NOT_FOUND"})
DUPLICATE: Final = "DUPLICATED_CLIENT_ID"
NO_ORDERS: Final = frozenset({"UNAUTHORIZED_ERROR"})
STATES: Final = {"SYSTEM_STATUS_CANCEL_ONLY": "cancel_only", "SYSTEM_STATUS_POST_ONLY": "post_only"}
"""Refusals that tell the state of the whole venue, by its word for it."""
CLOCK: Final = "INVALID_TIMESTAMP"

_REJECTIONS: Final[dict[str, str]] = {
    "VALIDATION_ERROR": "the venue calls the request invalid",
    "BINDING_ERROR": "the venue could not read the request",
    "INVALID_ORDER_SIZE": "the size is not one that the venue takes",
    "INVALID_ORDER_PRICE": "the price is not one that the venue takes",
    "INVALID_ORDER_SIGNATURE": "the signature of the order does not verify",
    "INVALID_STARKNET_SIGNATURE": "the signature does not verify: is the private key that of this account?",
    "STARKNET_SIGNATURE_VERIFICATION_FAILED": "the signature does not verify: is the private key that of this account?",
    "INVALID_TIMESTAMP": "the request's time is not the venue's: the clocks differ, or the way was slow",
    "INVALID_TOKEN": "the session token had ended; nothing was done, and a new one is fetched",
    "TOKEN_EXPIRED": "the session token had ended; nothing was done, and a new one is fetched",
    "NOT_ONBOARDED": "the account is not known to the venue: check the address, and whether it is of testnet or live",
    "MARKET_NOT_OPEN": "the market is not open",
    "MARKET_NOT_FOUND": "there is no such market",
    "SYSTEM_STATUS_POST_ONLY": "the venue takes post-only orders alone at present",
    "SYSTEM_STATUS_CANCEL_ONLY": "the venue takes cancels alone at present",
    "GEO_IP_BLOCK": "the venue does not serve the country that this address is in",
    "INVALID_SUBKEY": "the key is not one of this account's sub-keys any more",
    "IP_NOT_ALLOWED": "the key may not be used from this address",
    "UNAUTHORIZED_ERROR": "the key may not do this",
    "ORDER_ID_NOT_FOUND": "order not found: final already, or never accepted",
    "CLIENT_ORDER_ID_NOT_FOUND": "order not found: final already, or never accepted",
    "ORDER_NOT_FOUND": "order not found: final already, or never accepted",
    "ORDER_IS_CLOSED": "the order is over",
    "ORDER_IS_NOT_OPEN": "the order is not open yet, or not any more",
    "DUPLICATED_CLIENT_ID": "an order with this id was received before",
    "NOT_ENOUGH_MARGIN": "not enough free collateral for this order",
    "MAX_OPEN_ORDERS_EXCEEDED": "there are as many open orders as this market may have",
}

_OF_ONE: Final = frozenset({"NOT_ENOUGH_MARGIN", "MAX_OPEN_ORDERS_EXCEEDED", "ORDER_IS_CLOSED", "ORDER_IS_NOT_OPEN"}) | NOT_FOUND
"""Said of one order: of a request with several it does not say that none of them was made."""

REASONS: Final[dict[str, str]] = {
    "USER_CANCELED": "",
    "NOT_ENOUGH_MARGIN": "not enough free collateral for this order",
    "POST_ONLY_WOULD_CROSS": "post-only, and the price would take",
    "ORDER_SIZE_BELOW_MIN": "the size is below the least",
    "IN_LIQUIDATION": "the account is being liquidated",
    "EXPIRED": "it ended unexecuted",
}

_REFUSING = re.compile(
    r"NOT_ENOUGH|WOULD_CROSS|BELOW_MIN|ABOVE_MAX|EXCEED|INVALID|IN_LIQUIDATION|NOT_OPEN|OUT_OF|REJECT|REDUCE_ONLY"
)
_WORD = re.compile(r"[A-Z][A-Z0-9_]{2,63}\Z", re.ASCII)


def code_of(value: object) -> str:
    """Return an error code of an answer; empty for anything that is none."""
    return value if isinstance(value, str) and _WORD.match(value) else ""


def is_rejection(code: str) -> bool:
    """Whether a code is known to mean that nothing happened."""
    return code in _REJECTIONS and code != DUPLICATE


def refuses_all(code: str) -> bool:
    """Whether a code that answers a request with several orders is known to mean that none of them was made."""
    return is_rejection(code) and code not in _OF_ONE


def sentence(code: str, message: object = "") -> str:
    """Return what a code says to a trader; the venue's own words follow where ours are general."""
    known = _REJECTIONS.get(code, "")
    said = sanitise(REDACTOR.clean(message), 120) if isinstance(message, str) else ""
    if known and code not in ("VALIDATION_ERROR", "BINDING_ERROR", "INVALID_ORDER_SIZE", "INVALID_ORDER_PRICE"):
        return known
    return f"{known} ({said})" if known and said else known or said or sanitise(code) or "refused without a reason"


def reason(code: str) -> str:
    """Return why an order ended, in words; empty for the ends that need none."""
    known = REASONS.get(code)
    return known if known is not None else sanitise(code.replace("_", " ").lower(), 80)


def refused(code: str) -> bool:
    """Whether an order that ended for this reason was refused, and not taken off."""
    return bool(_REFUSING.search(code))
