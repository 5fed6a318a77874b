"""Phemex's error codes: what each one proves, and how to say it to a trader.

It must not know HTTP. The classes are conservative: a code is a rejection only when it is known to mean that nothing
happened; every other code on a write leaves the outcome UNKNOWN. Sources: the published trading error table and the error
table of the contract reference; 2xxxx, 3xxxx and 4xx from answers seen in public issue threads.
"""

from __future__ import annotations

from typing import Final

from tui_trader.venues.base import Outcome, RequestKind
from tui_trader.venues.sayings import explained, said

DUPLICATE: Final = frozenset({10001, 11033, 11085, 19999})
"""The id was seen before: an earlier send arrived."""

IN_FLIGHT: Final = frozenset({10003, 10004, 10005, 11061, 11063, 11064})
"""Another action on the order is not finished: nothing is proven about this one."""

NOT_FOUND: Final = 10002
ALREADY_FINAL: Final = frozenset({11062, 11066})
LIMITED: Final = frozenset({429, 39995})
BAD_KEY: Final = frozenset({401, 10500, 34003})
"""Not authenticated, or not permitted: said of the key, not of the request. 403 is not among them: edges in front of the venue
use it for addresses and countries too."""
WILL_CROSS: Final = 101

REJECTIONS: Final[dict[int, str]] = {
    401: "not authenticated: the key is unknown, expired, or bound to another IP address",
    403: "not permitted",
    412: "the request lacks a parameter",
    6001: "the venue calls an argument of the request invalid",
    10500: "not authenticated: check that key and secret are not swapped, belong to this environment and carry no spaces",
    11001: "not enough free margin for this order",
    11002: "invalid risk limit",
    11003: "not enough balance for the new risk limit",
    11004: "leverage out of range for this contract",
    11005: "not enough balance for the new leverage",
    11006: "margin cannot be changed without a position",
    11007: "margin of a cross position cannot be changed",
    11008: "cannot remove more margin than was added",
    11009: "cannot remove this margin while the position is losing",
    11010: "not enough balance to add this margin",
    11011: "reduce-only order would not reduce the position",
    11012: "the new size is not valid, e.g. not above what is already filled",
    11013: "conditional close without a position",
    11014: "conditional close on the wrong side of the position",
    11022: "the account is banned from trading",
    11023: "the account is being liquidated: orders are blocked now",
    11024: "the account is being auto-deleveraged: orders are blocked now",
    11027: "unknown symbol",
    11031: "too many conditional orders on this symbol",
    11032: "too many active orders on this symbol",
    11034: "invalid side",
    11035: "invalid order type",
    11036: "invalid time in force",
    11037: "invalid execution instruction",
    11038: "invalid trigger source",
    11039: "invalid stop direction",
    11040: "the venue has no mark price yet",
    11041: "the venue has no index price yet",
    11042: "the venue has no last price yet",
    11043: "the price is already above this trigger: the order would fire at once",
    11044: "the price is already below this trigger: the order would fire at once",
    11045: "trigger price too high",
    11046: "trigger price too low",
    11047: "take-profit of a buy must be above the reference price",
    11048: "stop-loss of a buy must be below the reference price",
    11049: "stop-loss of a buy must be above the liquidation price, or it would not fire",
    11050: "take-profit of a sell must be below the reference price",
    11051: "stop-loss of a sell must be below the liquidation price, or it would not fire",
    11052: "stop-loss of a sell must be above the reference price",
    11053: "limit price above the allowed band",
    11054: "price worse than the bankruptcy price of the position",
    11055: "limit price below the allowed band",
    11056: "size above the limit of this contract",
    11057: "reduce-only order without a position to reduce",
    11058: "size below the minimum of this contract",
    11059: "take-profit or stop-loss without a position",
    11060: "take-profit or stop-loss on the wrong side",
    11065: "nothing to change: the order already stands like this",
    11067: "the price of this conditional order cannot be changed",
    11068: "the size of this conditional order cannot be changed",
    11070: "the symbol does not belong to this kind of contract",
    11074: "take-profit or stop-loss cannot be attached while a position is open",
    11075: "take-profit too high",
    11076: "take-profit too low",
    11077: "invalid take-profit trigger",
    11078: "stop-loss too high",
    11079: "stop-loss too low",
    11080: "invalid stop-loss trigger",
    11081: "position and orders would exceed the risk limit",
    11082: "free margin does not cover the immediate loss of this order",
    11083: "a take-profit order already exists for this position",
    11084: "a stop-loss order already exists for this position",
    11086: "invalid peg type",
    11087: "trailing stop of a long must start below the last price",
    11088: "trailing stop of a long must start above the liquidation price",
    11089: "trailing stop of a short is on the wrong side of the liquidation price",
    11090: "trailing stop of a short is on the wrong side of the last price",
    11091: "trailing offset of a long must be below zero",
    11092: "trailing offset of a short must be above zero",
    11093: "activation price of a long must be above the last price",
    11094: "activation price of a short must be below the last price",
    11095: "a trailing order already exists for this position",
    11096: "an order that closes a position cannot carry take-profit or stop-loss",
    11105: "not enough of the base currency",
    11106: "not enough of the quote currency",
    11108: "a market order cannot be amended",
    11109: "an immediate-or-cancel order cannot be amended",
    11110: "a fill-or-kill order cannot be amended",
    11111: "the request names no order",
    11114: "order value above the limit",
    11115: "order value below the minimum of 1 USDT",
    11126: "native bracket orders are not available through the API",
    11143: "this time in force is for approved market makers only",
    11150: "open interest is capped: only reducing orders are accepted",
    20004: "position side does not fit the position mode of this symbol (one-way or hedged)",
    30000: "the venue calls an argument of the request invalid",
    30018: "too much asked for in one page",
    34003: "access forbidden: the key lacks this permission",
    39997: "the symbol is not listed",
}
"""Proven refusals: the request did nothing."""

_OTHERS: Final[dict[int, str]] = {
    10001: "an order with this id already exists: an earlier send arrived",
    10002: "order not found: final already, or never accepted",
    10003: "a cancel of this order is still in flight",
    10004: "a change of this order is still in flight",
    10005: "the order itself is still in flight",
    11033: "an order with this id already exists: an earlier send arrived",
    11061: "this order was asked to cancel before",
    11062: "the order is canceled already",
    11063: "the order cannot be canceled at this moment",
    11064: "a change of this order is still in flight",
    11066: "the order is final already",
    11085: "this client id was used already: an earlier send arrived",
    19999: "this request was received already: an earlier send arrived",
    39995: "too many requests: not executed",
    39996: "access denied, or order not found (the venue uses one code for both)",
    429: "too many requests: not executed",
}

_AMBIGUOUS: Final = frozenset({401, 403, 412, 6001, 10500, 30000, 39996})
"""Codes whose own message says more than the code does."""

_CANCEL_REASONS: Final[dict[int, str]] = {
    100: "not enough size in the book to fill the order",
    WILL_CROSS: "post-only order would have crossed",
}


def classify(code: int, kind: RequestKind) -> Outcome:
    """Return what a non-zero code proves about a request of ``kind``."""
    if code in LIMITED:
        return Outcome.LIMITED
    if code in DUPLICATE:
        return Outcome.EXISTS if kind is RequestKind.CREATE else Outcome.UNKNOWN
    if code == NOT_FOUND or code in ALREADY_FINAL:
        return Outcome.UNKNOWN if kind in (RequestKind.CREATE, RequestKind.SETTING, RequestKind.TRANSFER) else Outcome.MISSING
    if code in IN_FLIGHT:
        return Outcome.UNKNOWN
    if code in REJECTIONS or not kind.is_write:
        return Outcome.REJECTED
    return Outcome.UNKNOWN


def sentence(code: int, message: object = "") -> str:
    """Return what a code means; ``message`` (the venue's own, sanitised here) stands in or is added where it says more."""
    return explained(code, REJECTIONS.get(code) or _OTHERS.get(code), message, ambiguous=code in _AMBIGUOUS)


def order_reason(code: int, cancel_reason: int, message: object) -> str:
    """Return why an order was rejected or canceled, from its row's ``code``, ``cxlRejReason`` and ``message``."""
    if cancel_reason in _CANCEL_REASONS:
        return _CANCEL_REASONS[cancel_reason]
    own = said(message)
    if own:
        return own
    if code:
        return sentence(code)
    return f"refused by the matching engine, reason {cancel_reason}" if cancel_reason else ""
