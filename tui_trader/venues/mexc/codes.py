"""MEXC's error codes: what each one proves, and how to say it to a trader.

It must not know HTTP. The classes are conservative: a code is a rejection only when it is known to mean that nothing happened;
every other code on a write leaves the outcome UNKNOWN. Sources: the error code page of the futures API documentation and the
order error codes of its WebSocket part; 604, 704, 801 and 11444 from answers seen in public issue threads.
"""

from __future__ import annotations

from typing import Final

from tui_trader.venues.base import Outcome, RequestKind
from tui_trader.venues.sayings import explained

OK: Final = 0
LIMITED: Final = frozenset({429, 510})
CLOCK: Final = 513
BAD_KEY: Final = frozenset({401, 402, 406, 602})
"""Said of the key: not known, expired, used from another address, or its signature does not verify."""

NO_ORDERS: Final = frozenset({511, 604, 702, 704, 801, 11444})
"""Said of orders as such: the key may place none, or the venue takes none at present. Some of them say other things of a read."""

MAINTENANCE: Final = frozenset({604, 801, 11444})
"""Of those, the ones that are said of orders by API at all, and not of the key."""

OF_THE_CALL: Final = frozenset({401, 402, 406, 506, 511, 513, 601, 602, 604, 701, 702, 703, 704, 801, 1000, 2014, 6001, 11444})
"""What refuses a request with several orders as a whole. Another code in its place says something of one of them."""

NOT_FOUND: Final = frozenset({2040})
ALREADY_FINAL: Final = frozenset({2041})
NO_SUCH_EXIT: Final = 5002

REJECTIONS: Final[dict[int, str]] = {
    401: "not authenticated: the key is unknown",
    402: "the key has expired: keys without an address list end after a while",
    406: "the address of this machine is not on the key's list",
    506: "the venue does not know where the request comes from",
    511: "this call is not open to the key",
    513: "the request's time is more than ten seconds from the venue's: the clocks differ, or the way was slow",
    600: "the venue calls a parameter of the request wrong",
    601: "the venue could not read the request",
    602: "the signature does not verify: check that key and secret are not swapped and carry no spaces",
    604: "orders by API are under maintenance",
    701: "the key may not read the account",
    702: "the key may not change the account",
    703: "the key may not read trades",
    704: "the key may not place orders",
    801: "orders by API are under maintenance",
    1000: "the account does not exist",
    1001: "the contract does not exist",
    1002: "the contract is not open for trading",
    1003: "wrong risk limit",
    1004: "wrong amount",
    2001: "wrong side",
    2002: "wrong margin mode",
    2003: "the price is too high to buy at",
    2004: "the price is too low to sell at",
    2005: "not enough balance for this order",
    2006: "wrong leverage",
    2007: "wrong price",
    2008: "the size is more than there is to close",
    2009: "there is no position to close",
    2011: "wrong size",
    2013: "too many orders to cancel at once",
    2014: "too many orders at once",
    2015: "the price or the size has too many decimals",
    2016: "too many trigger orders",
    2018: "more than the margin that can be used",
    2019: "there is an open position",
    2021: "the leverage differs from that of the open position",
    2022: "wrong kind of position",
    2023: "a position has more leverage than is allowed",
    2024: "an order has more leverage than is allowed",
    2025: "too many positions",
    2026: "the leverage of a cross position cannot be changed",
    2027: "one direction is held either cross or isolated, not both",
    2028: "the size is above the most that one order may have",
    2029: "wrong order type",
    2030: "the order's own id is longer than 32 characters",
    2031: "the position would exceed the risk limit",
    2032: "the price is below where the long position is liquidated",
    2033: "the price is above where the short position is liquidated",
    2035: "no such price level",
    2036: "too many open orders",
    2037: "too many transactions: try later",
    2038: "the position would be larger than is allowed",
    3001: "wrong trigger source",
    3002: "wrong trigger direction",
    3003: "wrong lifetime of a trigger order",
    3004: "wrong trigger price",
    4001: "the currency is not supported",
    5001: "an exit needs a target or a stop",
    5003: "the target or the stop is on the wrong side of the price",
    5004: "the exit is larger than what there is to close",
    6001: "trading is forbidden",
    6002: "opening is forbidden",
    6003: "wrong span of time",
    6004: "symbol and state are needed",
    6005: "the contract is not available",
    7002: "the position mode of the order is not the account's (one-way or hedged)",
    11444: "orders by API are under maintenance",
}
"""Proven refusals: the request did nothing."""

_OTHERS: Final[dict[int, str]] = {
    429: "too many requests: not executed",
    510: "too many requests: not executed",
    500: "the venue reports an internal error",
    501: "the venue is busy",
    603: "the request was received before",
    2040: "order not found: final already, or never accepted",
    2041: "the order cannot be cancelled any more",
    5002: "the exit does not exist or is over",
    9999: "the venue reports a general error",
}

_AMBIGUOUS: Final = frozenset({500, 501, 511, 600, 601, 604, 801, 9999, 11444})
"""Codes whose own message says more than the code does."""

ORDER_REASONS: Final[dict[int, str]] = {
    1: "a parameter was invalid",
    2: "not enough balance",
    3: "there was no position",
    4: "the position was smaller",
    5: "the position is being liquidated",
    6: "liquidation",
    7: "the risk limit would have been exceeded",
    8: "cancelled by the system",
    9: "the position mode does not match",
    10: "a reduce-only order did not reduce",
    11: "the contract is not open",
    12: "the contract is being settled",
    13: "cancelled by a liquidation",
    14: "cancelled by deleveraging",
    15: "the account is blocked",
    16: "cancelled while funding was settled",
    17: "cancelled by a change of margin",
    18: "the rest of an immediate-or-cancel order",
    19: "a fill-or-kill order could not be filled whole",
    20: "post-only order would have crossed",
    21: "the rest of a market order",
}
"""By ``errorCode`` of an order's row."""


def classify(code: int, kind: RequestKind) -> Outcome:
    """Return what a non-zero code proves about a request of ``kind``."""
    if code in LIMITED:
        return Outcome.LIMITED
    if code in NOT_FOUND or code in ALREADY_FINAL or code == NO_SUCH_EXIT:
        gone = kind in (RequestKind.CANCEL, RequestKind.AMEND, RequestKind.READ)
        return Outcome.MISSING if gone else Outcome.UNKNOWN
    if code in REJECTIONS or not kind.is_write:
        return Outcome.REJECTED
    return Outcome.UNKNOWN


def sentence(code: int, message: object = "") -> str:
    """Return what a code means; ``message`` (the venue's own, sanitised here) stands in or is added where it says more."""
    return explained(code, REJECTIONS.get(code) or _OTHERS.get(code), message, ambiguous=code in _AMBIGUOUS)


def order_reason(code: int) -> str:
    """Return why an order ended, from the ``errorCode`` of its row; empty where it is 0."""
    return "" if not code else ORDER_REASONS.get(code, f"ended by the venue, reason {code}")
