"""Keys on standing orders and positions: chosen by mark, by the ladder's row or by the cursor; changed, cancelled, had back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.ui.desks import Keys, Program, ScriptedDesk, action_named, program, quiet_desk
from tests.ui.panes.conftest import BTC, texts
from tui_trader.core.order import Order
from tui_trader.core.types import OrderStatus, Side
from tui_trader.ui.panes.ticket import TicketView
from tui_trader.ui.slot import Slot
from tui_trader.venues.base import Outcome, RequestKind, Verdict


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[ScriptedDesk]:
    desk = quiet_desk(tmp_path)
    yield desk
    await desk.close()


@pytest.fixture
def keys(desk: ScriptedDesk) -> Keys:
    return Keys(desk)


@pytest.fixture
async def shown(desk: ScriptedDesk) -> AsyncIterator[Program]:
    async with program(desk, (120, 40)) as running:
        yield running


def entry(desk: ScriptedDesk) -> Order:
    return next(order for order in desk.store.blotter.working() if not order.type.is_conditional)


# -- cancel ----------------------------------------------------------------------------------------------------------------


async def test_several_are_cancelled_after_one_question_with_their_count(keys: Keys, desk: ScriptedDesk) -> None:
    desk.world.order(price="67400")
    keys.surface.marked = [order for order in desk.store.blotter.working() if not order.type.is_conditional]
    keys.do("cancel.selected")
    assert keys.surface.last.startswith("c again cancels 2 orders: ")
    assert desk.kinds() == []
    keys.do("cancel.selected")
    await keys.surface.done()
    assert desk.kinds() == [RequestKind.CANCEL] or len(desk.kinds()) == 2
    assert keys.surface.marked == []
    assert keys.surface.last == "cancelled 2 of 2"


async def test_a_held_key_does_not_answer_the_question(keys: Keys, desk: ScriptedDesk) -> None:
    desk.world.order(price="67400")
    keys.surface.marked = [order for order in desk.store.blotter.working() if not order.type.is_conditional]
    for _ in range(30):
        keys.trading.perform(action_named("cancel.selected"))
        desk.world.clock.advance(0.03)
    assert desk.kinds() == []


async def test_another_key_takes_the_question_back(keys: Keys, desk: ScriptedDesk) -> None:
    desk.world.order(price="67400")
    keys.surface.marked = desk.store.blotter.working()
    keys.do("cancel.selected", "preset.2", "cancel.selected")
    assert desk.kinds() == []


async def test_what_was_not_cancelled_is_said(keys: Keys, desk: ScriptedDesk) -> None:
    desk.world.order(price="67400")
    keys.surface.marked = [order for order in desk.store.blotter.working() if not order.type.is_conditional]
    desk.answers = [Verdict(Outcome.REJECTED, text="too late")] * 3
    keys.do("cancel.selected", "cancel.selected")
    await keys.surface.done()
    assert keys.surface.last == "cancelled 0 of 2: too late"


async def test_a_cursor_on_an_empty_row_cancels_nothing(keys: Keys, desk: ScriptedDesk) -> None:
    keys.surface.cursor = D("67410.5")
    keys.do("cancel.selected")
    assert keys.surface.last.startswith("no own order stands at 67410.5")
    assert desk.kinds() == []


# -- change ----------------------------------------------------------------------------------------------------------------


async def test_a_change_is_staged_and_sent_once(keys: Keys, desk: ScriptedDesk) -> None:
    keys.surface.order = entry(desk)
    keys.do("amend", "price.down", "size.up")
    rows = texts(TicketView(desk.store, desk.clock, desk.stage).body(120, 3))
    assert rows[0].startswith(" BUY 0.200 -> 0.220 BTC BTCUSDT LMT 67,411.0 -> 67,410.5 gtc")
    keys.do("send", "send")
    await keys.surface.done()
    assert desk.kinds() == [RequestKind.AMEND]


async def test_nothing_changed_sends_nothing(keys: Keys, desk: ScriptedDesk) -> None:
    keys.surface.order = entry(desk)
    keys.do("amend", "send")
    assert keys.surface.last.startswith("nothing is changed yet")
    assert desk.kinds() == []


async def test_the_venue_s_refusal_of_a_change_is_said(keys: Keys, desk: ScriptedDesk) -> None:
    keys.surface.order = entry(desk)
    desk.answers = [Verdict(Outcome.REJECTED, text="TE_CANNOT_AMEND")]
    keys.do("amend", "price.down", "send")
    await keys.surface.done()
    assert "TE_CANNOT_AMEND" in keys.surface.last


async def test_marked_orders_are_not_changed_one_for_all(keys: Keys, desk: ScriptedDesk) -> None:
    keys.surface.marked = desk.store.blotter.working()
    keys.do("amend")
    assert ":move marked +5t" in keys.surface.last
    assert desk.stage.draft is None


async def test_no_key_in_a_change_sends_but_enter(keys: Keys, desk: ScriptedDesk) -> None:
    keys.surface.order = entry(desk)
    for name in ("post_only", "reduce_only", "tif", "market", "bracket", "price.up", "preset.1", "amend", "undo"):
        keys.do("amend", name)
    assert desk.kinds() == []


# -- undo and reverse --------------------------------------------------------------------------------------------------------


async def test_undo_stages_what_was_cancelled_and_sends_nothing(keys: Keys, desk: ScriptedDesk) -> None:
    order = entry(desk)
    keys.surface.order = order
    keys.do("cancel.selected")
    await keys.surface.done()
    desk.world.order(id=order.client_id, status=OrderStatus.CANCELED)
    keys.surface.order = None
    before = len(desk.kinds())
    keys.do("undo")
    draft = desk.stage.draft
    assert draft is not None
    assert draft.amends is None
    assert keys.surface.last == "staged again, not sent"
    assert len(desk.kinds()) == before


async def test_an_order_that_never_arrived_is_staged_again(keys: Keys, desk: ScriptedDesk) -> None:
    desk.world.order(id="tt-lost", price="67400", status=OrderStatus.SENT)
    order = desk.store.blotter.get("tt-lost")
    assert order is not None
    desk.store.blotter.put(order.to_status(OrderStatus.ABSENT))
    keys.surface.order = desk.store.blotter.get("tt-lost")
    keys.do("undo")
    draft = desk.stage.draft
    assert draft is not None
    assert draft.title == "again tt-lost"
    assert desk.kinds() == []


async def test_a_reversal_shows_both_halves_and_waits_for_enter(keys: Keys, desk: ScriptedDesk) -> None:
    desk.world.order(id=entry(desk).client_id, status=OrderStatus.CANCELED)
    keys.do("reverse", "reverse")
    rows = texts(TicketView(desk.store, desk.clock, desk.stage).body(120, 3))
    assert rows[0].startswith(" 1  SELL 0.500 BTC BTCUSDT MKT ro  closes LONG  realises about +184.00")
    assert rows[1].startswith(" 2  SELL 0.500 BTC BTCUSDT LMT ")
    assert "once 1 is known to be filled" in rows[1]
    assert rows[2].startswith(" after: SHORT 0.500")
    assert desk.kinds() == []


# -- on the screen -----------------------------------------------------------------------------------------------------------


async def test_an_order_is_picked_up_from_the_ladder_moved_and_sent(shown: Program, desk: ScriptedDesk) -> None:
    """With the cursor on its row: m picks it, j moves it, Enter sends the change."""
    await shown.press("g", "b", "j")
    while shown.screen.cursor_price() != D("67411"):
        await shown.press("j")
    await shown.press("m")
    assert desk.stage.draft is not None
    await shown.press("j")
    assert "b .200" in "".join(line for line in shown.pane("book").splitlines() if "67,410.5" in line)
    await shown.press("enter")
    assert desk.kinds() == [RequestKind.AMEND]


async def test_an_order_is_cancelled_from_the_ladder(shown: Program, desk: ScriptedDesk) -> None:
    await shown.press("g", "b", "j")
    while shown.screen.cursor_price() != D("67411"):
        await shown.press("j")
    await shown.press("c")
    assert desk.kinds() == [RequestKind.CANCEL]


async def test_space_marks_orders_and_recentres_elsewhere(shown: Program) -> None:
    await shown.press("g", "o", "j", "space", "j", "space")
    assert "2 marked" in shown.pane("orders")
    assert len(shown.screen.chosen_orders()) == 2
    await shown.press("g", "p", "space")
    assert "2 marked" in shown.pane("orders")


async def test_a_filter_is_typed_into_the_pane_that_has_the_focus(shown: Program) -> None:
    await shown.press("g", "o", "/")
    await shown.type("sell")
    assert "2 rows match" in shown.picture()
    await shown.press("enter")
    assert "LMT" not in shown.pane("orders")
    assert "/sell" in shown.pane("orders")
    await shown.press("/", "escape")
    assert "LMT" in shown.pane("orders"), "what was not kept is gone"
    await shown.press("g", "b", "/")
    await shown.type("eth")
    assert "ETHUSDT" in shown.picture(), "elsewhere it finds a symbol"


async def test_v_goes_from_sizes_to_sums_to_changes_and_back(shown: Program) -> None:
    titles = []
    for _ in range(3):
        await shown.press("v")
        titles.append(shown.pane("book").splitlines()[0])
    assert "cumulative" in titles[0]
    assert "±10s" in titles[1]
    assert "cumulative" not in titles[2]
    assert "±10s" not in titles[2]


async def test_o_sorts_the_rows_of_the_focused_pane(shown: Program) -> None:
    await shown.press("g", "o", "o")
    assert "by distance" in shown.pane("orders")
    await shown.press("g", "p", "o")
    assert "by risk" in shown.pane("positions")


async def test_a_click_sets_the_cursor_and_sends_nothing(shown: Program, desk: ScriptedDesk) -> None:
    await shown.press("g", "p")
    lines = shown.pane("book").splitlines()
    y = next(i for i, line in enumerate(lines) if "67,411.0" in line)
    await shown.pilot.click("#pane-book", offset=(5, y))
    await shown.settle()
    assert shown.screen.pane_focus.slot is Slot.BOOK
    assert shown.screen.cursor_price() == D("67411")
    assert [order.side for order in shown.screen.chosen_orders()] == [Side.BUY]
    assert desk.sent == []
    assert desk.stage.draft is None
    assert desk.focus == BTC


async def test_the_form_keeps_the_leverage_of_a_staged_order(shown: Program, desk: ScriptedDesk) -> None:
    await shown.press(":")
    await shown.type("buy 0.01 @ 67000 lev 5 iso")
    await shown.press("enter", "tab")
    assert "lev 5 iso" in shown.screen.form.line()
    shown.screen.form.query_one("#field-lever").value = "7 iso"  # type: ignore[attr-defined]
    await shown.settle()
    draft = desk.stage.draft
    assert draft is not None
    assert draft.leverage == 7
    await shown.press("escape")


async def test_a_reversal_has_no_form_that_would_lose_its_first_half(shown: Program, desk: ScriptedDesk) -> None:
    await shown.press("R", "tab")
    assert not shown.screen.form.is_open
    assert "a reversal is changed by keys" in shown.said
    draft = desk.stage.draft
    assert draft is not None
    assert draft.reverses is not None


async def test_a_line_about_the_marked_orders_means_those_on_the_screen(shown: Program, desk: ScriptedDesk) -> None:
    await shown.press("g", "o", "G", "space", ":")
    await shown.type("move marked -5t")
    await shown.press("enter")
    await shown.settle()
    assert desk.kinds() == [RequestKind.AMEND]
