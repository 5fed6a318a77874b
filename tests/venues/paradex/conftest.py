"""Recorded and documented payloads of Paradex, and the account that tests sign with."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, InstrumentId
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Reply
from tui_trader.venues.paradex.orders import ParadexOrders

PAYLOADS = Path(__file__).parent / "payloads"
NOW_NS = 1_763_700_000_000_000_000


def payload(name: str) -> Any:
    """Return a JSON payload by file name, or the rows of a ``.jsonl`` one."""
    text = (PAYLOADS / name).read_text()
    return [json.loads(line) for line in text.splitlines()] if name.endswith(".jsonl") else json.loads(text)


def ccxt_sample(method: str, kind: str = "rest", label: str = "") -> Any:
    """Return a message that ccxt's authors recorded beside the code that reads it."""
    return next(
        row["data"]
        for row in payload("ccxt_source_samples.json")
        if row["method"] == method and row["kind"] == kind and label in row["label"]
    )


def static(method: str) -> Any:
    """Return an answer that ccxt's tests replay."""
    return next(row["response"] for row in payload("ccxt_static_responses.json") if row["method"] == method)


def ok(body: Any, status: int = 200) -> Reply:
    """Return an answer with a body."""
    return Reply(status, {}, body if isinstance(body, bytes) else orjson.dumps(body))


def jwt(exp: int) -> str:
    """Return a token of the usual shape that ends at a time."""
    parts = [{"alg": "ES256", "typ": "JWT"}, {"exp": exp, "iat": exp - 300}]
    head = ".".join(base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts)
    return f"{head}.{'s' * 43}"


VECTORS = payload("signing_vectors.json")
KEY = Credential(VECTORS["account_address"], Secret(VECTORS["private_key"]))
LOOKS_ON = Credential(VECTORS["account_address"], Secret(jwt(2_000_000_000)))

BTC = Instrument(
    InstrumentId("paradex", "BTC-USD-PERP"),
    ContractKind.LINEAR,
    "BTC",
    "USD",
    "USDC",
    Decimal("0.1"),
    Decimal("0.001"),
    price_scale=8,
    size_scale=8,
)


def admitted(*, interactive: bool = True, now_ns: int = NOW_NS) -> ParadexOrders:
    """Return a dialect that was let in."""
    dialect = ParadexOrders(interactive=interactive)
    config = dialect.admission(KEY, now_ns, early=False)
    assert config is not None
    dialect.parse(config, ok(static("systemConfig")))
    asked = dialect.admission(KEY, now_ns, early=False)
    assert asked is not None
    dialect.parse(asked, ok({"jwt_token": jwt(now_ns // 10**9 + 300)}))
    return dialect
