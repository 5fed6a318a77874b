"""Arguments of a Phemex request: query text or JSON body to plain values, and the venue's complaints about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tui_trader.core.decimals import from_wire
from tui_trader.core.error import WireError

Args = Mapping[str, Any]


class Complaint(Exception):
    """An argument the venue refuses, with its code; unwinds to the mask, which turns it into an envelope."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


def from_query(query: str) -> dict[str, Any]:
    """Return the arguments of a query string; of a repeated name the last one counts."""
    return dict(parse_qsl(query, keep_blank_values=True))


def from_body(body: bytes) -> dict[str, Any]:
    """Return the arguments of a JSON body, its numbers exact; raises Complaint 30000 when it is no JSON object."""
    try:
        args = json.loads(body, parse_float=Decimal)
    except ValueError:
        raise Complaint(30000, "Please double check input arguments") from None
    if not isinstance(args, dict):
        raise Complaint(30000, "Please double check input arguments")
    return args


def need(args: Args, name: str) -> str:
    """Return a required text argument; raises Complaint 10500 without it."""
    value = args.get(name)
    if value is None or value == "":
        raise Complaint(10500, "Missing required parameter")
    return str(value)


def optional(args: Args, name: str) -> str:
    """Return a text argument, empty when absent."""
    value = args.get(name)
    return "" if value is None else str(value)


def number(args: Args, name: str) -> Decimal | None:
    """Return a number given as text or as a JSON number; None when absent or empty; raises Complaint 30000."""
    value = args.get(name)
    if value is None or value == "":
        return None
    try:
        return from_wire(value)
    except WireError:
        raise Complaint(30000, "Please double check input arguments") from None


def flag(args: Args, name: str) -> bool:
    """Return a boolean given as JSON or as text."""
    value = args.get(name)
    return value is True or (isinstance(value, str) and value.lower() == "true")


def whole(args: Args, name: str, default: int) -> int:
    """Return a whole number not below zero; raises Complaint 30000."""
    value = args.get(name)
    if value is None or value == "":
        return default
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise Complaint(30000, "Please double check input arguments")
    return int(text)
