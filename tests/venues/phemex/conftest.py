"""What the tests of the Phemex dialects share: the recorded payloads and a few instruments."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, InstrumentId
from tui_trader.venues.base import Lane
from tui_trader.venues.phemex import products
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.orders import PhemexOrders

PAYLOADS = Path(__file__).parent / "payloads"


@pytest.fixture
def payload() -> Callable[[str], Any]:
    """Load a whole JSON payload, fractions exact."""
    return lambda name: json.loads((PAYLOADS / name).read_text(), parse_float=Decimal)


@pytest.fixture
def lines() -> Callable[[str], list[Any]]:
    """Load a JSON-lines payload."""
    return lambda name: [json.loads(line) for line in (PAYLOADS / name).read_text().splitlines()]


@pytest.fixture
def live() -> Callable[[str, str], bytes]:
    """Return the exact bytes of a frame or body of 2025, by kind and case."""
    rows = [json.loads(line) for line in (PAYLOADS / "live_messages_2025_roq.jsonl").read_text().splitlines()]
    return lambda kind, case: next(row["raw"].encode() for row in rows if (row["kind"], row["case"]) == (kind, case))


@pytest.fixture
def legacy_2021(payload: Callable[[str], Any]) -> list[Instrument]:
    """COIN-M and spot contracts as listed in July 2021."""
    data = payload("rest_cfg_v2_products_2021.json")["data"]
    listed, bad = products.coin_m(data)
    pairs, worse = products.spot(data)
    assert bad == worse == []
    return listed + pairs


@pytest.fixture
def btcusdt() -> Instrument:
    return Instrument(
        id=InstrumentId("phemex", "BTCUSDT"),
        kind=ContractKind.LINEAR,
        base="BTC",
        quote="USDT",
        settle="USDT",
        tick=Decimal("0.1"),
        lot=Decimal("0.0001"),
        min_price=Decimal("1000.0"),
        max_price=Decimal("500000"),
    )


@pytest.fixture
def feed(btcusdt: Instrument) -> PhemexFeed:
    made = PhemexFeed(Lane.PUBLIC)
    made.list_instruments([btcusdt])
    return made


@pytest.fixture
def orders(btcusdt: Instrument) -> PhemexOrders:
    made = PhemexOrders()
    made.list_instruments([btcusdt])
    return made
