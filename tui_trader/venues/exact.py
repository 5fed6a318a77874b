"""JSON with exact numbers: the one way a body or a frame of any venue becomes values.

It must not know any venue. No number passes through a float on its way in.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from tui_trader.core.decimals import from_wire
from tui_trader.core.error import WireError
from tui_trader.secrets.redactor import REDACTOR

SAMPLE_BYTES: Final = 64
"""How much of an unreadable message is kept, before hexadecimal."""


def exact(text: str) -> Decimal | str:
    """Return a JSON number with a fraction or exponent (``0E-8``, ``9.75E+4``) as the Decimal it spells.

    One that no venue would send (``1e999999999``) stays text, so that whoever reads it refuses it there.
    """
    try:
        return from_wire(text)
    except WireError:
        return text


_decode_any = msgspec.json.Decoder(Any, float_hook=exact).decode


def decode_body(body: bytes) -> Any:
    """Decode an HTTP body; raises WireError when it is not JSON."""
    try:
        return _decode_any(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from None


def sample(raw: object) -> str:
    """Return the beginning of a message (or of a row of one) as hexadecimal, safe to show."""
    if not isinstance(raw, bytes):
        raw = msgspec.json.encode(raw)
    return REDACTOR.clean_hex(raw[:SAMPLE_BYTES].hex())
