"""What the tests of the MEXC dialects share: the payloads and a few contracts."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tui_trader.core.event import InstrumentsListed
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, InstrumentId, PositionMode
from tui_trader.venues.base import Lane, Reply, Request, RequestKind, Verdict
from tui_trader.venues.mexc.feed import MexcFeed
from tui_trader.venues.mexc.orders import MexcOrders

PAYLOADS = Path(__file__).parent / "payloads"
D = Decimal

ENCODE = msgspec.json.Encoder(decimal_format="number").encode


def load(name: str) -> Any:
    """Return a payload, fractions exact."""
    return json.loads((PAYLOADS / name).read_text(), parse_float=Decimal)


def answer(body: Any, status: int = 200) -> Reply:
    """Return an HTTP answer with a body."""
    return Reply(status, {}, body if isinstance(body, bytes) else ENCODE(body))


def asked(what: str, ref: str = "", kind: RequestKind = RequestKind.READ, body: Any = None) -> Request:
    """Return a request as far as reading its answer needs one."""
    return Request(kind, what, "GET" if body is None else "POST", "/", body=b"" if body is None else ENCODE(body), ref=ref)


def contract(symbol: str, size: str, tick: str) -> Instrument:
    """Return a linear contract in base units, as the product list makes it."""
    base, quote = symbol.split("_")
    return Instrument(
        InstrumentId("mexc", symbol),
        ContractKind.LINEAR,
        base,
        quote,
        quote,
        D(tick),
        D(size),
        min_qty=D(size),
        wire_lot=D(size),
    )


CONTRACTS = [
    contract("BTC_USDT", "0.0001", "0.1"),
    contract("ETH_USDT", "0.01", "0.01"),
    contract("STEPN_USDT", "1", "0.00001"),
    contract("CRV_USDT", "1", "0.001"),
    contract("RVN_USDT", "10", "0.00001"),
    contract("SUSHI_USDT", "1", "0.001"),
    contract("BSV_USDT", "0.01", "0.01"),
    contract("BCH_USDT", "0.01", "0.01"),
    contract("LTC_USDT", "0.01", "0.01"),
    contract("ADA_USDT", "1", "0.0001"),
]


@pytest.fixture
def orders() -> MexcOrders:
    made = MexcOrders()
    made.list_instruments(CONTRACTS)
    return made


@pytest.fixture
def feed() -> MexcFeed:
    made = MexcFeed(Lane.PUBLIC)
    made.list_instruments(CONTRACTS)
    return made


@pytest.fixture
def private() -> MexcFeed:
    made = MexcFeed(Lane.PRIVATE)
    made.list_instruments(CONTRACTS)
    made.take_mode(PositionMode.ONE_WAY)
    return made


@pytest.fixture
def rest() -> Callable[[str], Any]:
    """Return an answer of ``mexcnet_rest.json`` by name."""
    rows = {row["name"]: row["response"] for row in load("mexcnet_rest.json")}
    return lambda name: rows[name]


@pytest.fixture
def recorded() -> Callable[[str, str], Any]:
    """Return a sample of ``ccxt_source_samples.json`` by its reader and label; the swap's of several."""
    rows = load("ccxt_source_samples.json")

    def find(method: str, label: str = "") -> Any:
        found = [row["data"] for row in rows if row["method"] == method and row["label"] == label]
        return found[-1]

    return find


@pytest.fixture
def ws() -> Callable[[str], list[bytes]]:
    """Return the frames received in a conversation of ``mexcnet_ws.json``."""
    rows = {row["name"]: row["messages"] for row in load("mexcnet_ws.json")}
    return lambda name: [ENCODE(one["msg"]) for one in rows[name] if one["dir"] == "recv"]


def told(verdict: Verdict, kind: type[Any]) -> list[Any]:
    """Return the events of a kind that an answer carries."""
    return [event for event in verdict.events if isinstance(event, kind)]


def listed(verdict: Verdict) -> list[Instrument]:
    [event] = told(verdict, InstrumentsListed)
    return list(event.instruments)
