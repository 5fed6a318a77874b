"""What Paradex's requests say, read strictly: bodies, numbers, signatures; and the complaint that a request is refused with.

It knows neither tokens nor the exchange. Source: REST reference of docs.paradex.trade, August 2026.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from tui_trader.core.decimals import ZERO
from tui_trader.sim.masks.base import RestCall
from tui_trader.sim.masks.paradex_rows import Row


class Complaint(Exception):
    """A refusal in the venue's envelope; raised wherever a request is looked at."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message or code.replace("_", " ").lower(), status


def body_of(call: RestCall) -> Row:
    """Return the object that a request carries."""
    try:
        body = orjson.loads(call.body)
    except ValueError:
        raise Complaint("BINDING_ERROR") from None
    if not isinstance(body, dict):
        raise Complaint("BINDING_ERROR")
    return body


def bodies_of(call: RestCall) -> list[Row]:
    """Return the objects of the list that a request carries."""
    try:
        bodies = orjson.loads(call.body)
    except ValueError:
        raise Complaint("BINDING_ERROR") from None
    if not isinstance(bodies, list) or not all(isinstance(body, dict) for body in bodies):
        raise Complaint("BINDING_ERROR")
    return bodies


def decimal(value: Any) -> Decimal:
    """Return an amount of at most eight decimals; zero where there is none."""
    if value in (None, ""):
        return ZERO
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0 or number != number.quantize(Decimal("1e-8")):
        raise Complaint("VALIDATION_ERROR", "not a number of at most eight decimals")
    return number


def pair(value: Any) -> tuple[int, int]:
    """Return a signature: the text of a list of two numbers, decimal or hexadecimal."""
    try:
        r, s = orjson.loads(value)
        return int(r, 0), int(s, 0)
    except (ValueError, TypeError):
        raise Complaint("INVALID_ORDER_SIGNATURE") from None


def number(text: str) -> int:
    """Return a number in hexadecimal; -1 for a text that is none."""
    try:
        return int(text, 16)
    except ValueError:
        return -1
