"""No order that makes no sense leaves; each is refused or doubted by the control that is there for it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.bad.cockpit import BOUNDED, RESTING, Cockpit, matches
from tests.bad.row import Row
from tests.bad.semantics import ROWS, Doubted, Judged, Line
from tests.ui.panes.conftest import INSTRUMENTS
from tui_trader.core.error import RefusedError
from tui_trader.core.event import InstrumentsListed
from tui_trader.core.risk import Limits, check
from tui_trader.core.types import InstrumentId, OrderStatus
from tui_trader.desk import commands

OLD = replace(BOUNDED, id=InstrumentId("phemex", "OLDUSDT"), tradable=False)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_an_order_that_makes_no_sense(tmp_path: Path, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "MARKET_LOOKS", 1)  # no book of the other contracts will come
    cockpit = Cockpit(tmp_path)
    cockpit.desk.world.say(InstrumentsListed("phemex", [BOUNDED, *INSTRUMENTS[1:], OLD]))
    for case in row.cases:
        match case:
            case Line():
                await _is_refused(cockpit, case)
            case Doubted():
                await _is_doubted(cockpit, case)
            case Judged():
                _is_objected_to(case)
            case OrderStatus():
                await _is_not_changed(cockpit, case)
    await cockpit.desk.close()


async def _is_refused(cockpit: Cockpit, case: Line) -> None:
    if case.first:
        cockpit.wait()
        await cockpit.say(f"{case.first}!")
        assert cockpit.sent() == ["place"], case.first
        cockpit.forget()
    said = await cockpit.say(f"{case.text}!")
    assert cockpit.sent() == [], f"{case.text!r} left: {said}"
    assert matches(case.says, said), f"{case.text!r}: {said!r} is not /{case.says}/"
    cockpit.forget()


async def _is_doubted(cockpit: Cockpit, case: Doubted) -> None:
    assert not await cockpit.say(case.text)
    view = cockpit.desk.stage.view()
    assert view is not None
    assert view.objections, case.text
    assert all(objection.text and objection.fix for objection in view.objections)
    cockpit.keys.do("send")
    assert cockpit.sent() == [], case.text
    assert matches(case.says, cockpit.keys.surface.last), cockpit.keys.surface.last
    assert cockpit.keys.surface.last.endswith("Enter again sends")
    cockpit.keys.trading.other_key()
    cockpit.forget()


def _is_objected_to(case: Judged) -> None:
    found = check(case.ticket, case.instrument, case.facts, Limits())
    told = [objection for objection in found if objection.code is case.rule]
    assert told, f"{case.rule}: {found}"
    assert all(objection.text and objection.fix and objection.hard is case.hard for objection in told)


async def _is_not_changed(cockpit: Cockpit, status: OrderStatus) -> None:
    known = cockpit.desk.store.blotter.get(RESTING)
    assert known is not None
    ended = replace(known, client_id=type(known.client_id)(f"tt-{status}"), status=status)
    cockpit.desk.store.blotter.put(ended)
    with pytest.raises(RefusedError, match="nothing to change"):
        await cockpit.desk.amend(ended, qty=D("0.2"))
    assert cockpit.sent() == []


@pytest.mark.xfail(strict=True, reason="an order sets the leverage it brings when it is staged, not when it is confirmed")
@pytest.mark.parametrize("line", ["buy 0.01 @ 67000 lev 7", "buy 90 @ 67000 lev 20!"], ids=["staged", "refused"])
async def test_an_order_that_was_not_confirmed_changes_nothing_at_the_venue(tmp_path: Path, line: str) -> None:
    cockpit = Cockpit(tmp_path)
    await cockpit.say(line)
    assert cockpit.sent() == []
    await cockpit.desk.close()
