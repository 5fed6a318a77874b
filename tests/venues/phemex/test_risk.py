"""What stands behind positions, as the risk stream tells it: a captured snapshot of 2024."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import orjson

from tui_trader.core.account import RiskUnit
from tui_trader.core.clock import SystemClock
from tui_trader.core.event import RiskUnitsTold, Unreadable
from tui_trader.core.types import InstrumentId
from tui_trader.state.store import Store
from tui_trader.venues.base import Lane
from tui_trader.venues.phemex.feed import PhemexFeed

CROSS = RiskUnit("phemex", "CrossAsset", None, "USDT", D("1806.82960617341"), D("1806.82960617341"), D(999), 111)
ISOLATED = RiskUnit(
    "phemex",
    "Isolated",
    InstrumentId("phemex", "BTCUSDT"),
    "USDT",
    D("1075.657452068207"),
    D("-7.866995297237"),
    D("14.28230196"),
    76,
)


def test_a_captured_snapshot(payload: Callable[[str], Any]) -> None:
    frame = orjson.dumps(payload("ras_p_snapshot_2024.json"))
    assert PhemexFeed(Lane.PRIVATE).receive(frame, 1) == [RiskUnitsTold([CROSS, ISOLATED], {"USDT": D("2882.17368004")})]


def test_a_row_that_is_none_is_set_aside() -> None:
    for rows in (b'{"risk_units":[{}]}', b'{"risk_units":7}', b'{"risk_wallets":[{"currency":"USDT"}]}'):
        [event] = PhemexFeed(Lane.PRIVATE).receive(rows, 1)
        assert isinstance(event, Unreadable)


def test_the_newest_version_of_a_unit_is_kept() -> None:
    store = Store(SystemClock())
    older = RiskUnit("phemex", "CrossAsset", None, "USDT", D(1), D(1), D(999), 110)
    store.apply(RiskUnitsTold([CROSS], {}))
    store.apply(RiskUnitsTold([older], {}))
    assert list(store.risk_units.values()) == [CROSS]
