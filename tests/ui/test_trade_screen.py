"""The trading screen on a quiet desk: first what is said and sent, then what the cells show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest
from textual import events
from textual.geometry import Size

from tests.ui.desks import Program, ScriptedDesk, action_named, key_event, program, quiet_desk, until
from tests.ui.panes.conftest import BTC, ETH
from tui_trader.core.types import LinkState
from tui_trader.ui.actions import ACTIONS
from tui_trader.ui.app import TraderApp
from tui_trader.ui.performers.bench import NOT_YET
from tui_trader.ui.screens.help import HelpScreen
from tui_trader.ui.screens.trade import TradeScreen
from tui_trader.venues.base import RequestKind

SIZES = [(80, 24), (120, 40), (200, 60)]

Start = Callable[..., AbstractAsyncContextManager[Program]]


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    return quiet_desk(tmp_path)


@pytest.fixture
async def shown(desk: ScriptedDesk) -> AsyncIterator[Program]:
    """The program at 80 by 24."""
    async with program(desk, (80, 24)) as running:
        yield running


def row(picture: str, words: str) -> str:
    """Return the one line that contains ``words``."""
    found = [line for line in picture.splitlines() if words in line]
    assert found, f"{words!r} is not in\n{picture}"
    return found[0]


# -- staging at every size -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_staged_order_is_shown_whole_and_followed(desk: ScriptedDesk, size: tuple[int, int]) -> None:
    async with program(desk, size) as shown:
        await shown.press("b")
        assert desk.stage.draft is not None
        assert desk.sent == []
        assert "BUY 0.014 BTC BTCUSDT LMT @bid 67,412.0 gtc" in row(shown.picture(), "BUY 0.014")
        assert "@bid follows" in row(shown.picture(), "STAGE (not sent)")
        desk.world.book([("67411", "1")], [("67413", "1")])
        await shown.settle()
        assert "LMT @bid 67,411.0" in row(shown.picture(), "BUY 0.01")
        await shown.press("j", "j")
        assert "LMT 67,410.0" in row(shown.picture(), "BUY 0.01")
        assert "follows" not in row(shown.picture(), "STAGE (not sent)")
        await shown.press("enter")
        assert len(desk.creates()) == 1
        assert "STAGE  empty" in shown.picture()


@pytest.mark.parametrize("size", [(60, 20), (79, 24), (80, 23)], ids=str)
async def test_a_small_terminal_refuses_entries_and_keeps_the_exits(desk: ScriptedDesk, size: tuple[int, int]) -> None:
    async with program(desk, size) as shown:
        assert "too small for entries" in shown.said
        assert "too small for entries" in shown.picture()
        await shown.press("b")
        assert desk.stage.draft is None
        assert "LONG" in shown.picture()
        await shown.press("x", "enter")
        assert len(desk.creates()) == 1
        await shown.press("C")
        assert RequestKind.CANCEL in desk.kinds()


async def test_an_order_that_was_staged_is_not_sent_from_a_screen_that_became_too_small(
    desk: ScriptedDesk, shown: Program
) -> None:
    await shown.press("b")
    await shown.pilot.resize_terminal(60, 20)
    await until(shown.pilot, lambda: not shown.screen.tradable)
    await shown.press("enter")
    assert desk.creates() == []
    assert "too small to enter" in shown.said
    await shown.pilot.resize_terminal(80, 24)
    await until(shown.pilot, lambda: shown.screen.tradable)
    await shown.press("enter")
    assert len(desk.creates()) == 1


async def test_a_resize_storm_leaves_the_picture_of_the_last_size(desk: ScriptedDesk) -> None:
    async with program(desk, (120, 40)) as shown:
        before = shown.picture()
        for width, height in ((1, 1), (60, 20), (200, 60), (80, 24), (3, 50), (300, 3), (110, 30)):
            shown.app.post_message(events.Resize(Size(width, height), Size(width, height)))
        await shown.pilot.resize_terminal(120, 40)
        await shown.settle()
        assert shown.picture() == before
        await shown.press("b")
        assert "BUY 0.014" in shown.picture()


# -- objections ----------------------------------------------------------------------------------------------------------


async def test_a_soft_objection_needs_enter_twice(desk: ScriptedDesk, shown: Program) -> None:
    await shown.type(":sell 0.01 @ 67411\n")
    assert "CHECK: would trade with your own buy at 67411" in shown.picture()
    assert "Enter twice sends" in row(shown.picture(), "STAGE (not sent)")
    assert "Enter send" in shown.pane("status")
    await shown.press("enter")
    assert desk.creates() == []
    assert "Enter again sends" in shown.said
    assert "Enter again sends" in row(shown.picture(), "STAGE (not sent)")
    await shown.press("enter")
    assert len(desk.creates()) == 1
    assert shown.said == ""
    assert "Enter again sends" not in shown.picture()


async def test_what_is_taken_back_is_what_was_said_before(shown: Program) -> None:
    screen = shown.app.screen
    assert isinstance(screen, TradeScreen)
    screen.say("before")
    screen.clear()
    screen.say("meanwhile")
    await shown.settle()
    assert shown.said == "meanwhile"
    assert "meanwhile" in shown.picture()
    screen.clear()
    await shown.settle()
    assert (shown.said, "meanwhile" in shown.picture()) == ("", False)


async def test_a_hard_objection_refuses_and_says_the_fix(desk: ScriptedDesk, shown: Program) -> None:
    await shown.type(":buy 3 @ 67000\n")
    assert "order of $201,000.00 is above the limit of $100,000.00" in row(shown.picture(), " NO: ")
    assert "-> at most 1.492 BTC" in shown.picture()
    assert "Enter refused" in row(shown.picture(), "STAGE (not sent)")
    await shown.press("enter", "enter")
    assert desk.creates() == []
    assert shown.said in shown.picture() or shown.said[:60] in shown.picture()
    assert "BUY 3.000" in shown.picture()


# -- exits ---------------------------------------------------------------------------------------------------------------


async def test_parts_of_a_close(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("x")
    assert "close 100%" in row(shown.picture(), "STAGE")
    await shown.press("2")
    assert "SELL 0.250 BTC BTCUSDT MKT ioc ro" in shown.picture()
    await shown.press("enter")
    assert b'"orderQtyRq":"0.25"' in desk.creates()[0].body
    assert b'"reduceOnly":true' in desk.creates()[0].body


async def test_the_leg_under_the_cursor_is_closed(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("g", "p", "j", "j", "x")
    assert "BUY 4.000 ETH ETHUSDT MKT" in shown.picture()
    assert "BLOCKED" not in shown.picture()


async def test_cancel_the_selected_order(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("g", "o", "j", "c")
    assert desk.kinds() == [RequestKind.CANCEL]
    assert desk.sent[0].ref in ("tt-1", "tt-2", "tt-3")


async def test_flatten_takes_x_twice(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("X")
    assert desk.sent == []
    assert "X again: cancel 3 orders and close long 0.5 of BTCUSDT" in shown.picture()
    await shown.press("X")
    assert RequestKind.CREATE in desk.kinds()


async def test_any_key_between_ends_the_waiting(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("X", "space", "X", "g", "p", "X")
    assert desk.sent == []


@pytest.mark.parametrize("before", [[], ["g"], ["b"], ["b", "tab"], [":", "b", "u", "y"], ["?"]], ids=str)
async def test_panic_works_everywhere(desk: ScriptedDesk, shown: Program, before: list[str]) -> None:
    await shown.press(*before)
    await shown.press("ctrl+g")
    # Resting orders of two symbols, and the target by itself: it is no stop.
    assert desk.kinds() == [RequestKind.CANCEL] * 3
    if "?" not in before:
        assert "cancel all:" in shown.picture()
    await shown.press("ctrl+g")
    assert len(desk.creates()) == 2
    assert desk.stage.draft is None


# -- symbols, grouping, zoom -----------------------------------------------------------------------------------------------


async def test_a_symbol_switch_points_every_pane_at_it(desk: ScriptedDesk, shown: Program) -> None:
    desk.world.book([("3509.8", "7")], [("3510.1", "9")], ETH).trade("3510", "2.5", iid=ETH)
    await shown.press("b", "n")
    assert desk.focus == ETH
    assert desk.stage.draft is None
    assert "ETHUSDT" in shown.pane("header")
    assert "3,510.1" in shown.pane("book")
    assert "3,510.0" in shown.pane("tape")
    assert "2.5" in shown.pane("tape")
    await shown.press("b")
    assert "ETH ETHUSDT LMT @bid 3,509.8" in shown.pane("ticket")
    await shown.press("escape", "N")
    assert desk.focus == BTC


async def test_find_a_symbol(desk: ScriptedDesk, shown: Program) -> None:
    await shown.type("/et")
    assert "ETHUSDT" in shown.pane("status")
    await shown.type("q")
    assert "no symbol contains 'etq'" in shown.pane("status")
    await shown.press("enter")
    assert shown.screen.prompt.display
    await shown.press("backspace", "enter")
    assert desk.focus == ETH
    assert not shown.screen.prompt.display


async def test_grouping(desk: ScriptedDesk, shown: Program) -> None:
    before = shown.pane("book")
    await shown.press("+")
    assert "x0.5" in before
    assert "x1" in shown.pane("book").splitlines()[0]
    await shown.press("_")
    assert "x0.5" in shown.pane("book").splitlines()[0]


async def test_zoom_gives_the_pane_the_middle_and_follows_the_focus(desk: ScriptedDesk, shown: Program) -> None:
    before = shown.picture()
    await shown.press("g", "o", "z")
    assert "ORDERS" in shown.picture()
    assert "BOOK" not in shown.picture()
    assert "STAGE" in shown.picture()
    await shown.press("g", "p")
    assert "POSITIONS" in shown.picture()
    assert "ORDERS" not in shown.picture()
    await shown.press("g", "b", "z")
    assert [line[:7] for line in shown.picture().splitlines()[:8]] == [line[:7] for line in before.splitlines()[:8]]
    assert "ORDERS" in shown.picture()


async def test_every_action_works_on_the_screen(desk: ScriptedDesk, shown: Program) -> None:
    for action in ACTIONS:
        shown.screen.trading.perform(action_named("join.buy"))
        shown.screen.act(action)
        await shown.settle()
        assert NOT_YET not in shown.said, action.id
        assert not any(pane.failed for pane in shown.screen.panes.values()), action.id
        if isinstance(shown.app.screen, HelpScreen):
            await shown.press("escape")
        if shown.screen.prompt.display or shown.screen.form.is_open:
            await shown.press("escape")


# -- themes ----------------------------------------------------------------------------------------------------------------


def colors(shown: Program) -> set[str]:
    """Return every background and foreground on the screen, as hexadecimal numbers."""
    found: set[str] = set()
    for strip in shown.app.screen._compositor.render_strips():
        for segment in strip:
            for color in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                if color is not None and color.triplet is not None:
                    found.add(color.triplet.hex)
    return found


@pytest.mark.parametrize("keys", [["b"], ["b", "tab"], [":", "b"], ["?"]], ids=str)
async def test_a_theme_changes_every_color_at_once(desk: ScriptedDesk, keys: list[str]) -> None:
    async with program(desk, (120, 40), theme="midnight") as shown:
        await shown.press(*keys)
        shown.app.use_theme("daylight")
        await shown.settle()
        wanted = set(shown.app.themes["daylight"].colors.values())
        old = set(shown.app.themes["midnight"].colors.values()) - wanted
        assert not colors(shown) & old


async def test_the_theme_command(desk: ScriptedDesk, shown: Program) -> None:
    await shown.type(":theme daylight\n")
    assert shown.app.look.name == "daylight"
    await shown.type(":theme x\n")
    assert "there is no theme called 'x'" in shown.said
    assert "midnight" in shown.said
    await shown.press("T")
    assert shown.app.look.name != "daylight"


# -- help ------------------------------------------------------------------------------------------------------------------


async def test_help_lists_what_works_here_and_enter_runs_it(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("?")
    assert "stage a buy at the bid" in shown.picture()
    assert "send the staged order" not in shown.picture()
    await shown.type("next sym")
    await shown.press("enter")
    assert desk.focus == ETH
    assert not isinstance(shown.app.screen, HelpScreen)


async def test_every_line_of_the_help_fits(desk: ScriptedDesk) -> None:
    async with program(desk, (80, 160)) as shown:
        shown.screen.open_help("keys")
        await shown.settle()
        text = shown.picture()
        for action in ACTIONS:
            assert action.text in text


async def test_help_does_not_send(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("b", "?")
    assert "price up one tick" in shown.picture()
    await shown.type("send the")
    await shown.press("enter")
    assert desk.creates() == []
    await shown.press("?", "escape")
    assert not isinstance(shown.app.screen, HelpScreen)


# -- the command line --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_meaning_is_shown_while_typing(desk: ScriptedDesk, size: tuple[int, int]) -> None:
    async with program(desk, size) as shown:
        await shown.type(":buy 0.010 @ 67400 sl 66640")
        assert "=> buy 0.01 BTC = 674.00 USDT  risk 7.60" in shown.pane("status")
        await shown.press("escape")
        await shown.type(":buy 0.0x")
        assert "column 8" in shown.pane("status")
        assert size[0] == 80 or "try: put a space" in shown.pane("status")
        await shown.press("enter")
        assert shown.screen.prompt.display  # it stays to be mended
        assert desk.stage.draft is None


async def test_what_is_typed_ahead_of_a_line_being_judged_is_dropped(desk: ScriptedDesk, shown: Program) -> None:
    await shown.type(":theme daylight\n:buy 0.01\n\n")
    assert shown.app.look.name == "daylight"
    assert desk.stage.draft is None
    assert desk.creates() == []


async def test_tab_completes(shown: Program) -> None:
    await shown.type(":can")
    await shown.press("tab")
    assert shown.screen.prompt.value == ":cancel "
    await shown.type("ETH")
    await shown.press("tab")
    assert shown.screen.prompt.value == ":cancel ETHUSDT "


async def test_history(shown: Program) -> None:
    for line in (":theme daylight\n", ":theme midnight\n", "/eth\n"):
        await shown.type(line)
    await shown.type(":")
    await shown.press("up")
    assert shown.screen.prompt.value == ":theme midnight"
    await shown.press("up", "up")
    assert shown.screen.prompt.value == ":theme daylight"
    await shown.press("down", "down")
    assert shown.screen.prompt.value == ":"


async def test_quit_leaves(desk: ScriptedDesk) -> None:
    async with program(desk, (80, 24)) as shown:
        await shown.press(*":quit", "enter")
        assert "NOT PROTECTED: ETHUSDT" in shown.pane("status")
        assert shown.app.return_code is None
        desk.world.clock.advance(0.5)
        shown.app.post_message(key_event("enter"))
        await until(shown.pilot, lambda: shown.app.return_code is not None)
    assert shown.app.return_code == 0


async def test_pasted_text_is_not_keys(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("b")
    shown.screen.post_message(events.Paste("\n\n buy 1 BTCUSDT\r\n!\n"))
    await shown.settle()
    assert shown.screen.prompt.value == ":buy 1 BTCUSDT !"
    assert desk.creates() == []


async def test_an_alarm_is_seen_under_an_open_prompt(shown: Program) -> None:
    await shown.type(":buy")
    shown.screen.say("the venue is down")
    await shown.pilot.pause()
    assert "the venue is down" in shown.picture()


# -- the form ----------------------------------------------------------------------------------------------------------------


async def test_the_form_walks_its_fields_and_previews(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("b", "tab")
    line = row(shown.picture(), "side buy")
    for label in ("side buy", "size #3", "price bid", "sl ", "tp ", "tif gtc", "ro no"):
        assert label in line
    assert "r:0.5%" in shown.pane("status")
    await shown.type("0.02")
    assert "BUY 0.020 BTC" in shown.pane("ticket")
    await shown.press("tab")
    await shown.type("67400")
    assert "LMT 67,400.0" in shown.pane("ticket")
    await shown.press("tab")
    await shown.type("66640")
    assert "SL 66,640.0" in shown.pane("ticket")
    await shown.press("enter")
    assert len(desk.creates()) == 1
    assert b'"orderQtyRq":"0.02"' in desk.creates()[0].body
    assert not shown.screen.form.is_open


async def test_esc_returns_to_the_staged_order(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("b", "tab", "escape")
    assert not shown.screen.form.is_open
    assert desk.stage.draft is not None
    await shown.press("j")
    assert "LMT 67,411.5" in shown.pane("ticket")


async def test_the_form_left_as_it_was_does_not_change_the_order(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("x")
    before = desk.stage.draft
    await shown.press("tab", "tab")
    assert desk.stage.draft == before
    await shown.press("enter")
    assert b'"ordType":"Market"' in desk.creates()[0].body


@pytest.mark.parametrize("clauses", ["@ 67000 gtd 15m", "@ 67000 trail 1% tp 2R", "stop 68000 trail 50t"])
async def test_the_form_keeps_what_it_has_no_room_to_say(desk: ScriptedDesk, shown: Program, clauses: str) -> None:
    desk.world.position(None, "0")
    await shown.type(f":buy 0.01 {clauses}\n")
    before = desk.stage.draft
    assert before is not None
    await shown.press("tab")
    await shown.type("0.02")
    after = desk.stage.draft
    assert after is not None
    assert after.size.value == D("0.02")
    assert replace(after, size=before.size) == before


async def test_a_field_that_does_not_read_is_said_and_not_sent(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("b", "tab")
    await shown.type("0.0x")
    assert "try: put a space" in shown.said
    await shown.press("enter")
    assert desk.creates() == []
    assert shown.screen.form.is_open


async def test_typing_and_enter_at_once_send_what_was_typed_once(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("b", "tab")
    await shown.type("0.03\n\n")
    assert [b'"orderQtyRq":"0.03"' in request.body for request in desk.creates()] == [True]
    assert desk.stage.draft is None


# -- a feed, a link or a terminal that does not keep up -------------------------------------------------------------------------


async def test_a_stale_book_blocks_entries_and_not_exits(desk: ScriptedDesk, shown: Program) -> None:
    desk.world.clock.advance(2)
    desk.store.heard("phemex", "private")
    await shown.press("b")
    assert "BLOCKED: the BTCUSDT book is stale" in shown.pane("ticket")
    await shown.press("enter")
    assert desk.creates() == []
    assert "stale" in shown.said
    await shown.press("escape", "x", "enter")
    assert len(desk.creates()) == 1


async def test_a_lost_link_is_said_in_the_header(desk: ScriptedDesk, shown: Program) -> None:
    desk.world.links(LinkState.DOWN, "closed 1006")
    await shown.settle()
    assert "!pub DOWN" in shown.pane("header")
    assert "!priv DOWN" in shown.pane("header")


async def test_a_terminal_that_lags_refuses_entries(desk: ScriptedDesk, shown: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    await shown.press("b")
    monkeypatch.setattr(TraderApp, "display_delayed", property(lambda app: True))
    await shown.press("enter")
    assert desk.creates() == []
    assert "display delayed" in shown.said
    assert "DISPLAY DELAYED" in shown.pane("ticket")
    await shown.press("x", "enter")
    assert len(desk.creates()) == 1
    monkeypatch.undo()
    await shown.press("b", "enter")
    assert len(desk.creates()) == 2
