"""What a desk notices by itself, on real sockets: time that passed unseen, clocks that disagree, sums that do not add up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.desk.conftest import BTC, ETH, WIDE, MovedClock, World, until
from tui_trader.core.clock import SystemClock
from tui_trader.core.error import RefusedError
from tui_trader.core.event import InstrumentsListed
from tui_trader.core.facts import TradingState
from tui_trader.core.position import Position
from tui_trader.core.types import PositionSide, Side
from tui_trader.desk import rounds
from tui_trader.desk.controls import Controls
from tui_trader.desk.desk import Desk
from tui_trader.storage.state_file import StateFile
from tui_trader.venues.base import Outcome, Request, Verdict


def said(desk: Desk) -> str:
    return "\n".join(notice.text for notice in desk.store.notices)


# -- a program that was stopped ---------------------------------------------------------------------------------------------


async def test_after_a_pause_nothing_is_believed_until_it_was_asked_again(world: World) -> None:
    clock = MovedClock()
    desk = await world.desk(clock=clock)
    asked = world.server.receipts["GET /g-accounts/accountPositions"]
    clock.mono_s += 7_200  # the lid was shut for two hours
    assert "the program stood still for 720" in desk.blocked(BTC), "before any task of ours has run"
    await until(lambda: "the program stood still" in said(desk), "noticed")
    await until(lambda: desk.reconciled and not desk.blocked(BTC), "known again")
    assert world.server.receipts["GET /g-accounts/accountPositions"] > asked
    assert "book in doubt (the program stood still)" in said(desk) or "lost:" in said(desk)


# -- clocks -----------------------------------------------------------------------------------------------------------------


async def test_clocks_that_disagree_end_entries_and_not_exits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "SYNC_AGAIN_NS", 0)
    clock = MovedClock()
    desk = await world.desk(clock=clock)
    clock.wall_s += 300
    assert "300.0 s ahead of the venue's: set it" in desk.blocked(BTC)
    desk.stage.join(BTC, Side.BUY)
    with pytest.raises(RefusedError, match="ahead of the venue's"):
        await desk.send_stage()
    await until(lambda: "this machine's clock is 300.0 s ahead" in said(desk), "said")
    clock.wall_s -= 300
    await until(lambda: "the venue's agree again" in said(desk), "said too")
    assert desk.blocked(BTC) == ""


async def test_a_clock_that_is_behind_is_called_behind(world: World) -> None:
    clock = MovedClock()
    desk = await world.desk(clock=clock)
    clock.wall_s -= 2.5
    assert "2.5 s behind the venue's" in desk.blocked(BTC)
    clock.wall_s += 1
    assert desk.blocked(BTC) == "", "a second or two is borne"


# -- positions that do not add up ---------------------------------------------------------------------------------------------


async def test_a_position_that_nobody_executed_is_called_desync_and_not_repaired(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "DESYNC_NS", 0)
    desk = await world.desk()
    key = (BTC, PositionSide.MERGED)
    flat = desk.store.positions.get(key)
    ghost = Position(BTC, PositionSide.MERGED, desk.facts.mode(BTC), Side.BUY, D("0.5"), D(60_000))
    desk.store.positions[key] = ghost
    await until(lambda: desk.store.desync, "noticed")
    assert desk.store.desync == {key}
    assert "DESYNC BTCUSDT merged: 0 by executions, 0.5 told by the venue, which is shown" in said(desk)
    assert "DESYNC" in desk.blocked(BTC)
    assert "DESYNC" not in desk.blocked(ETH), "other instruments are not concerned"
    assert desk.store.positions[key].qty == D("0.5"), "what the venue says is shown as it says it"
    desk.sync.again()
    await until(lambda: desk.reconciled and not desk.store.desync, "agreed on anew")
    if flat is not None:
        assert desk.store.positions[key].qty == flat.qty


# -- the day's loss -----------------------------------------------------------------------------------------------------------


async def test_the_days_loss_halts_also_after_a_restart(world: World, tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.json")
    now = SystemClock()
    opening = {"USDT": {"at_ns": str(now.wall_ns()), "wallet": "10500", "equity": "10500"}}
    Controls(now, name="phemex", file=file).remember("opening", opening)
    controls = Controls(now, name="phemex", file=file)
    desk = await world.desk(limits=replace(WIDE, day_loss=D(500)), controls=controls, start=False)
    await desk.start(["BTCUSDT"])
    await until(lambda: desk.controls.state is TradingState.HALTED, "halted")
    assert desk.controls.reason == "the day's loss of 500 USDT has reached the limit of 500"
    assert Controls(now, name="phemex", file=file).state is TradingState.HALTED
    assert "HALTED" in desk.blocked(BTC)
    assert desk.lock == "HALTED"


async def test_the_days_opening_is_remembered(world: World, tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.json")
    controls = Controls(SystemClock(), name="phemex", file=file)
    desk = await world.desk(controls=controls)
    pnl = desk.store.pnl()
    assert pnl is not None
    await until(lambda: controls.note("opening"), "remembered")
    assert file.read()["notes"]["opening"]["USDT"]["equity"] == f"{pnl.opening_equity:f}"


# -- the product list ---------------------------------------------------------------------------------------------------------


async def test_a_contract_that_changed_drops_the_draft_for_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await world.desk("BTCUSDT", "ETHUSDT", start=False)
    once, answers = desk.send, list[InstrumentsListed]()

    async def send(request: Request) -> Verdict:
        if request.what == "instruments" and answers:
            return Verdict(Outcome.ACK, events=(answers[0],))
        return await once(request)

    monkeypatch.setattr(desk, "send", send)
    await desk.start(["BTCUSDT", "ETHUSDT"])
    await world.ready(desk)
    desk.stage.join(BTC, Side.BUY)
    assert desk._rounds is not None
    listed: list[Any] = [one for one in desk.store.instruments.values() if one.id != ETH]
    answers.append(InstrumentsListed("phemex", [replace(one, tick=D(5)) if one.id == BTC else one for one in listed]))
    monkeypatch.setattr(rounds, "RELIST_NS", 0)
    await until(lambda: "has changed at the venue" in said(desk), "noticed")
    assert desk.stage.draft is None
    assert "BTCUSDT has changed at the venue: the staged order was dropped" in said(desk)
    assert "BTCUSDT has changed at the venue: tick 5, lot 0.0001" in said(desk)
    assert "ETHUSDT has changed at the venue: not tradable any more" in said(desk), "it is on the list no more"
    desk.stage.join(ETH, Side.BUY)
    view = desk.stage.view()
    assert view is None or not view.sendable
