"""Keys of the whole screen: palette, hidden balances, copy, inspect, last view, size mode, and leaving with what stays said."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.ui.desks import Program, ScriptedDesk, program, quiet_desk
from tests.ui.panes.conftest import ETH
from tui_trader.core.command import SizeUnit
from tui_trader.ui.fuzzy import best, score
from tui_trader.ui.mask import HIDDEN
from tui_trader.ui.screens.palette import PaletteScreen
from tui_trader.ui.screens.rows import RowsScreen
from tui_trader.ui.slot import Slot
from tui_trader.venues.base import RequestKind


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    return quiet_desk(tmp_path)


@pytest.fixture
async def shown(desk: ScriptedDesk) -> AsyncIterator[Program]:
    """The program at 120 by 40."""
    async with program(desk, (120, 40)) as running:
        yield running


async def test_the_palette_finds_and_does(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("ctrl+p")
    assert isinstance(shown.app.screen, PaletteScreen)
    await shown.type("nxsym")
    assert "next symbol" in shown.picture()
    await shown.press("enter")
    assert desk.focus == ETH


async def test_the_palette_begins_a_command(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("ctrl+p")
    await shown.type("command flat")
    await shown.press("enter")
    assert shown.screen.prompt.display
    assert shown.screen.prompt.value == ":flat "
    assert desk.sent == []


async def test_the_palette_holds_nothing_that_sends(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("b", "ctrl+p")
    await shown.type("send the staged order")
    await shown.press("enter")
    assert desk.creates() == []


def test_letters_together_and_at_the_beginning_of_words_fit_better() -> None:
    lines = ["cancel every order of the symbol", "next symbol", "previous symbol"]
    assert best("nexts", lines)[0] == 1
    assert best("ps", lines)[0] == 2
    assert score("zz", "next symbol") is None
    assert best("", lines) == [0, 1, 2]


async def test_hidden_balances_are_one_mask_everywhere(desk: ScriptedDesk, shown: Program) -> None:
    assert "eq 12,549.52" in shown.pane("header")
    await shown.press("H")
    header, positions = shown.pane("header"), shown.pane("positions")
    assert f"eq {HIDDEN}" in header
    assert "12,549" not in shown.picture()
    assert "+183.45" not in shown.picture()
    assert f"net {HIDDEN}  gross {HIDDEN}" in positions  # what is held in all tells the account as well
    assert f"open risk {HIDDEN}" in positions
    assert HIDDEN in positions
    assert "67,044.0" in positions  # prices and sizes stay: one trades by them
    await shown.press("b")
    assert "notional" not in shown.pane("ticket") or HIDDEN not in shown.pane("ticket").split("STAGE")[1].splitlines()[1]
    await shown.press("escape", "H")
    assert "eq 12,549.52" in shown.pane("header")


async def test_copy_goes_through_the_terminal(shown: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    assert shown.app._driver is not None
    monkeypatch.setattr(shown.app._driver, "write", written.append)
    await shown.press("g", "o", "j", "y")
    sent = next(text for text in written if text.startswith("\x1b]52;c;"))
    assert "symbol" in base64.b64decode(sent[7:-1]).decode() or "BTCUSDT" in base64.b64decode(sent[7:-1]).decode()
    assert "copied" in shown.said


async def test_a_row_in_full(shown: Program) -> None:
    await shown.press("i")
    assert "no row is chosen" in shown.said
    await shown.press("g", "p", "j", "i")
    assert isinstance(shown.app.screen, RowsScreen)
    assert "POSITION IN FULL" in shown.picture()
    assert "67044" in shown.picture()
    assert "one way" in shown.picture()
    assert "sequence" not in shown.picture()
    await shown.press("q")
    assert not isinstance(shown.app.screen, RowsScreen)
    await shown.press("g", "o", "j", "i")
    assert "2023-11-15T14:" in shown.picture(), "times are told as such"
    assert "Stamps" not in shown.picture()


async def test_the_last_view_comes_back(shown: Program) -> None:
    await shown.press("g", "o", "-")
    assert shown.screen.pane_focus.slot is Slot.BOOK
    await shown.press("-")
    assert shown.screen.pane_focus.slot is Slot.ORDERS


async def test_a_pane_without_a_place_is_shown_alone_until_it_is_left(desk: ScriptedDesk) -> None:
    async with program(desk, (80, 24)) as shown:
        before = {slot for slot, pane in shown.screen.panes.items() if pane.display}
        assert Slot.WATCH not in before
        await shown.press("g", "w")
        assert shown.screen.panes[Slot.WATCH].display
        assert shown.screen.panes[Slot.TICKET].display
        await shown.press("-")
        assert {slot for slot, pane in shown.screen.panes.items() if pane.display} == before
        await shown.press("g", "w", "q")
        assert {slot for slot, pane in shown.screen.panes.items() if pane.display} == before
        assert shown.app.return_code is None


async def test_size_mode_keeps_the_size_and_changes_its_words(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("b")
    view = desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    before, seen = view.ticket.qty, []
    for _ in range(4):
        desk.world.clock.advance(1)
        desk.world.usual_book()
        await shown.press("%")
        view = desk.stage.view()
        assert view is not None
        assert view.ticket is not None
        assert abs(view.ticket.qty - before) <= view.instrument.lot
        seen.append(view.draft.size.unit)
    assert seen == [SizeUnit.EQUITY, SizeUnit.BASE, SizeUnit.QUOTE, SizeUnit.EQUITY]
    assert "size is percent of equity" in shown.said


async def test_v_marks_a_range_of_orders_and_esc_takes_it_back(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("g", "o", "j", "v", "j")
    assert [shown.screen.name_of(order) for order in shown.screen.orders.marked()] == ["a1", "a2"]
    assert "2 marked" in shown.pane("orders")
    await shown.press("j", "k", "k")
    assert [shown.screen.name_of(order) for order in shown.screen.orders.marked()] == ["a1"]
    await shown.press("escape")
    assert shown.screen.orders.marked() == []
    assert shown.screen.orders.selected() is not None  # the next Esc lets go of the row
    await shown.press("j", "v", "j", "v", "k", "space")
    assert [shown.screen.name_of(order) for order in shown.screen.orders.marked()] == ["a3"]
    assert desk.sent == []


async def test_a_range_of_marks_is_cancelled_as_one_chose_it(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("g", "o", "j", "v", "j", "v", "c", "c")
    assert set(desk.kinds()) == {RequestKind.CANCEL}
    assert shown.said == "cancelled 2 of 2"
    assert shown.screen.orders.marked() == []


async def test_a_typed_size_sifts_the_tape(desk: ScriptedDesk, shown: Program) -> None:
    await shown.type(":tape >0.1")
    await shown.press("enter")
    assert shown.said == "tape: trades >0.1"
    assert "TAPE >0.1" in shown.pane("tape")
    assert "0.044" not in shown.pane("tape")
    await shown.type(":tape >$1m")
    await shown.press("enter")
    assert shown.said == "tape: trades >1M USDT"
    await shown.type(":tape")
    await shown.press("enter")
    assert shown.said == "tape: every trade"
    assert "0.044" in shown.pane("tape")
    assert desk.sent == []


async def test_a_begins_an_alert_at_the_row_of_the_ladder(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("g", "b", "k", "a")
    price = shown.screen.cursor_price()
    assert price is not None
    assert shown.screen.prompt.value == f":alert BTCUSDT {'<' if price < D('67412.5') else '>'} {price.normalize():f}"
    await shown.press("escape")
    desk.attention.program.allowed = True  # as the configuration file may
    await shown.press("a")
    line = shown.screen.prompt.value
    assert line.endswith(' run "notify.sh {symbol} {price}"')
    await shown.press("enter")
    assert shown.said.startswith("alert 1: BTCUSDT last ")
    (alert,) = desk.attention.alerts.rows()
    assert alert.run == ("notify.sh", "{symbol}", "{price}")
    assert desk.sent == []
