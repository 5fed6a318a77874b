"""Keys and typed lines against a desk: what is staged, what is sent, and what is said about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.ui.desks import Keys, quiet_desk
from tests.ui.panes.conftest import BTC, ETH
from tui_trader.core.command import PriceRef
from tui_trader.core.decimals import plain
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, OrderType, Severity, Side, TimeInForce
from tui_trader.desk.settings import Confirm
from tui_trader.ui.actions import ACTIONS
from tui_trader.ui.habits import Habits
from tui_trader.ui.performers.bench import NOT_YET
from tui_trader.venues.base import Outcome, RequestKind, Verdict

SCREEN = ("chart.", "focus.", "row.", "cursor.", "group.", "recentre", "command", "find", "edit", "zoom", "theme", "help", "hide")
SCREEN += ("mark", "sort", "filter", "shows", "tab.", "inspect", "copy", "balances", "palette", "workspace.", "note", "alert")
SCREEN += ("view.",)
"""Actions that the screen does itself."""


@pytest.fixture
async def keys(tmp_path: Path) -> AsyncIterator[Keys]:
    desk = quiet_desk(tmp_path)
    yield Keys(desk)
    await desk.close()


# -- every action ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [a for a in ACTIONS if not a.id.startswith(SCREEN)], ids=lambda a: a.id)
async def test_every_action_of_trading_does_something(keys: Keys, action: object) -> None:
    keys.do("close" if action.id.startswith("close.") else "join.buy")  # type: ignore[attr-defined]
    keys.surface.said.clear()
    keys.trading.perform(action)  # type: ignore[arg-type]
    await keys.surface.done()
    assert not any(NOT_YET in text for text, _ in keys.surface.said)


# -- staging -----------------------------------------------------------------------------------------------------------


def test_join_follows_the_touch_until_it_is_nudged(keys: Keys) -> None:
    keys.do("join.buy")
    draft = keys.desk.stage.draft
    assert draft is not None
    assert draft.follows is PriceRef.BID
    keys.do("price.down", "price.down10")
    view = keys.desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    assert (view.draft.follows, view.ticket.price) == (None, D("67406.5"))


def test_cross_is_capped_and_immediate(keys: Keys) -> None:
    keys.do("cross.sell")
    view = keys.desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    assert (view.ticket.side, view.ticket.tif) == (Side.SELL, TimeInForce.IOC)
    assert view.ticket.price == D("67075")  # half a percent under 67,412, on the tick, never lower
    assert keys.desk.creates() == []


def test_the_presets_apply_to_the_staged_order_and_to_the_next(keys: Keys) -> None:
    keys.do("preset.5")
    assert keys.surface.last == "size preset 5"
    keys.do("join.buy")
    first = keys.desk.stage.view()
    keys.do("preset.1")
    second = keys.desk.stage.view()
    assert first is not None
    assert first.ticket is not None
    assert second is not None
    assert second.ticket is not None
    assert (first.ticket.qty, second.ticket.qty) == (D("0.074"), D("0.003"))


def test_nothing_staged_is_said_with_the_way_to_stage(keys: Keys) -> None:
    keys.do("price.up")
    assert keys.surface.last == "nothing is staged  try: b or s stages an order"
    keys.do("send")
    assert keys.surface.last == "nothing is staged  try: b or s stages an order"
    assert keys.desk.sent == []


# -- sending -----------------------------------------------------------------------------------------------------------


async def test_enter_sends_once_and_a_second_enter_finds_nothing(keys: Keys) -> None:
    keys.do("join.buy", "price.down", "send", "send")
    await keys.surface.done()
    assert len(keys.desk.creates()) == 1
    assert keys.surface.last.startswith("nothing is staged")
    assert b'"priceRp":"67411.5"' in keys.desk.creates()[0].body


async def test_a_refusal_is_said_and_an_ack_is_not(keys: Keys) -> None:
    keys.do("join.buy", "send")
    await keys.surface.done()
    assert keys.surface.said == []
    keys.desk.answers.append(Verdict(Outcome.REJECTED, "11082", "not enough balance"))
    keys.do("join.sell", "send")
    await keys.surface.done()
    assert keys.surface.said == [("order: not enough balance", Severity.WARNING)]


async def test_an_unknown_outcome_is_an_alarm(keys: Keys) -> None:
    keys.desk.answers.append(Verdict(Outcome.UNKNOWN, text="no answer"))
    keys.do("join.buy", "send")
    await keys.surface.done()
    assert keys.surface.said == [("order: no answer", Severity.ALARM)]


async def test_a_soft_objection_takes_a_second_enter(keys: Keys) -> None:
    await keys.type("sell 0.01 @ 67411")
    keys.do("send")
    await keys.surface.done()
    assert keys.desk.creates() == []
    assert keys.trading.confirming
    assert keys.surface.last == "would trade with your own buy at 67411: Enter again sends"
    keys.do("send")
    await keys.surface.done()
    assert len(keys.desk.creates()) == 1


async def test_another_key_takes_the_confirmation_back(keys: Keys) -> None:
    await keys.type("sell 0.01 @ 67411")
    keys.do("send", "size.up")
    assert not keys.trading.confirming
    keys.do("send")
    await keys.surface.done()
    assert keys.desk.creates() == []


async def test_a_doubt_that_was_not_shown_is_not_confirmed(tmp_path: Path) -> None:
    keys = Keys(quiet_desk(tmp_path))
    await keys.type("sell 0.01 @ 67411")
    keys.do("send")
    # The market moves up: the same draft now also gives away more than a percent.
    keys.desk.world.book([("68300", "1")], [("68301", "1")])
    keys.do("send")
    await keys.surface.done()
    assert keys.desk.creates() == []
    assert len(keys.surface.said) == 2
    assert "through" in keys.surface.last
    keys.do("send")
    await keys.surface.done()
    assert len(keys.desk.creates()) == 1
    await keys.desk.close()


async def test_a_hard_objection_refuses(keys: Keys) -> None:
    await keys.type("buy 3 @ 67000")
    keys.do("send", "send")
    await keys.surface.done()
    assert keys.desk.creates() == []
    assert "201,000" in keys.surface.last or "100,000" in keys.surface.last
    assert keys.desk.stage.draft is not None  # it stays to be mended


@pytest.mark.parametrize(("confirm", "presses"), [(Confirm.NEVER, 1), (Confirm.LARGE, 1), (Confirm.ALWAYS, 2)])
async def test_the_confirm_policy(tmp_path: Path, confirm: Confirm, presses: int) -> None:
    keys = Keys(quiet_desk(tmp_path))
    keys.trading.bench.habits = Habits(confirm=confirm)
    keys.do("join.buy", *["send"] * presses)
    await keys.surface.done()
    assert len(keys.desk.creates()) == 1
    await keys.desk.close()


async def test_a_large_order_is_confirmed(tmp_path: Path) -> None:
    keys = Keys(quiet_desk(tmp_path))
    await keys.type("buy $60k @ bid")
    keys.do("send")
    assert keys.surface.last == "more than half of the largest order (50,000): Enter again sends"
    keys.do("send")
    await keys.surface.done()
    assert len(keys.desk.creates()) == 1
    await keys.desk.close()


# -- a screen that does not show it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flag", "words"), [("tradable", "too small"), ("current", "display delayed")])
async def test_no_entry_leaves_unseen(keys: Keys, flag: str, words: str) -> None:
    keys.do("join.buy")
    setattr(keys.surface, flag, False)
    keys.do("send")
    await keys.surface.done()
    assert words in keys.surface.last
    assert not await keys.type("buy 0.01!")
    assert not await keys.type("rev!")
    assert keys.desk.creates() == []


@pytest.mark.parametrize("flag", ["tradable", "current"])
async def test_exits_leave_even_unseen(keys: Keys, flag: str) -> None:
    setattr(keys.surface, flag, False)
    keys.do("close", "send")
    await keys.surface.done()
    assert [b'"reduceOnly":true' in request.body for request in keys.desk.creates()] == [True]
    keys.do("cancel.symbol", "flatten.symbol", "flatten.symbol", "panic")
    await keys.surface.done()
    assert not any("too small" in text for text, _ in keys.surface.said)


async def test_a_blocked_desk_refuses_entries_and_lets_exits_through(keys: Keys) -> None:
    keys.desk.sync.reconciled = False
    keys.do("join.buy", "send")
    await keys.surface.done()
    assert "being checked after the connect" in keys.surface.last
    assert keys.desk.creates() == []
    keys.do("drop", "close", "send")
    await keys.surface.done()
    assert len(keys.desk.creates()) == 1


# -- exits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("part", "qty"), [("25", "0.125"), ("50", "0.25"), ("75", "0.375"), ("100", "0.5")])
def test_parts_of_a_close(keys: Keys, part: str, qty: str) -> None:
    keys.do("close", f"close.{part}")
    view = keys.desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    assert (view.ticket.side, view.ticket.qty, view.ticket.reduce_only) == (Side.SELL, D(qty), True)
    assert view.draft.title == f"close {part}%"


def test_close_takes_the_leg_under_the_cursor(keys: Keys) -> None:
    keys.surface.position = next(p for p in keys.desk.store.open_positions() if p.instrument == ETH)
    keys.do("close")
    assert keys.desk.stage.draft is not None
    assert (keys.desk.stage.draft.instrument, keys.desk.stage.draft.side) == (ETH, Side.BUY)


async def test_cancel_takes_the_selected_order_or_the_newest(keys: Keys) -> None:
    keys.do("cancel.selected")
    await keys.surface.done()
    assert [r.kind for r in keys.desk.sent] == [RequestKind.CANCEL]
    assert keys.desk.sent[0].ref == "tt-3"
    keys.surface.order = keys.desk.store.blotter.get("tt-2")  # type: ignore[arg-type]
    keys.do("cancel.selected")
    await keys.surface.done()
    assert keys.desk.sent[-1].ref == "tt-2" or keys.desk.sent[1].ref == "tt-2"


async def test_flatten_takes_two_presses_in_time_with_nothing_between(keys: Keys) -> None:
    keys.do("flatten.symbol")
    assert keys.surface.last == "X again: cancel 3 orders and close long 0.5 of BTCUSDT"
    keys.do("preset.3", "flatten.symbol")
    keys.trading.other_key()
    keys.do("flatten.symbol")
    keys.desk.world.clock.advance(2.1)
    keys.do("flatten.symbol")
    await keys.surface.done()
    assert keys.desk.sent == []
    keys.do("flatten.symbol")
    await keys.surface.done()
    assert keys.desk.kinds() == [RequestKind.CANCEL, RequestKind.CANCEL, RequestKind.CREATE]
    assert b'"reduceOnly":true' in keys.desk.creates()[0].body


async def test_panic_cancels_and_the_second_press_flattens(keys: Keys) -> None:
    keys.do("join.buy", "panic")
    assert keys.surface.said[0][1] is Severity.ALARM
    await keys.surface.done()
    assert keys.desk.stage.draft is None
    assert keys.desk.creates() == []
    keys.do("panic")
    await keys.surface.done()
    assert len(keys.desk.creates()) == 2  # the long and the short
    assert all(b'"reduceOnly":true' in request.body for request in keys.desk.creates())


def test_leaving_takes_two_presses_and_says_what_stays(keys: Keys) -> None:
    keys.do("quit")
    assert keys.surface.last == "q again leaves; 2 positions and 3 orders stay at the venue; NOT PROTECTED: ETHUSDT short"
    keys.do("leave")
    assert not keys.surface.left
    keys.do("leave")
    assert keys.surface.left


def test_symbols_are_walked_both_ways(keys: Keys) -> None:
    keys.do("symbol.next", "symbol.previous")
    assert keys.surface.shown == [ETH, ETH]


# -- typed lines -------------------------------------------------------------------------------------------------------


async def test_a_line_stages_and_enter_sends(keys: Keys) -> None:
    assert await keys.type("buy 0.010 @ 67400 po sl 66640 tp 2R")
    assert keys.desk.creates() == []
    keys.do("send")
    await keys.surface.done()
    body = keys.desk.creates()[0].body
    assert b'"priceRp":"67400"' in body
    assert b'"stopLossRp":"66640"' in body
    assert b'"takeProfitRp":"68920"' in body


async def test_an_exclamation_mark_sends_at_once(keys: Keys) -> None:
    assert await keys.type("sell 0.01 @ 67500!")
    assert len(keys.desk.creates()) == 1


async def test_a_line_replaces_what_was_staged_before_anything_is_awaited(keys: Keys) -> None:
    keys.do("join.buy")
    assert keys.trading.enter("sell 0.01 @ 67500 lev 5")
    keys.do("send")  # too quick: the line is still setting the leverage
    assert keys.surface.last.startswith("nothing is staged")
    await keys.surface.done()
    assert keys.desk.creates() == []


async def test_reverse_is_staged_by_a_plain_enter_and_not_sent(keys: Keys) -> None:
    await keys.type("rev")
    assert keys.desk.stage.draft is not None
    assert keys.desk.stage.draft.reverses is not None
    assert keys.desk.creates() == []


@pytest.mark.parametrize("line", ["buy 0.0x", "frobnicate", "buy", "buy 1 @ ", ""])
def test_a_line_that_does_not_read_is_not_taken(keys: Keys, line: str) -> None:
    assert not keys.trading.enter(line)
    assert keys.surface.last
    assert keys.surface.work == []


def test_a_half_typed_line_is_explained(keys: Keys) -> None:
    keys.do("join.sell")
    before = keys.desk.stage.draft
    words, good = keys.trading.explain("buy 0.010 @ 67400 sl 66640")
    assert good
    assert words == ["=> buy 0.01 BTC = 674.00 USDT", "risk 7.60"]
    assert keys.desk.stage.draft is before
    words, good = keys.trading.explain("buy 0.0x")
    assert not good
    assert words == ["'x' is glued to the number before it at column 8", "try: put a space between a number and a name"]


async def test_screen_commands_reach_the_screen(keys: Keys) -> None:
    for line in ("theme paper", "help", "keys", "log"):
        assert await keys.type(line)
    surface = keys.surface
    assert not await keys.type("quit")
    assert "NOT PROTECTED: ETHUSDT short: Enter again leaves  try: p protects" in surface.last
    keys.desk.world.clock.advance(0.5)
    assert await keys.type("quit")
    assert (surface.themes, surface.helps, surface.logs, surface.left) == (["paper"], ["", "keys"], 1, True)


# -- the form's lines --------------------------------------------------------------------------------------------------


async def test_editing_replaces_the_draft_and_says_what_is_wrong(keys: Keys) -> None:
    keys.do("join.buy")
    assert keys.trading.edit("sell 0.02 @ 67500 gtc") == ""
    assert keys.desk.stage.draft is not None
    assert keys.desk.stage.draft.side is Side.SELL
    assert keys.trading.edit("sell 0.02; panic") == "the fields do not make one order"
    assert "try:" in keys.trading.edit("sell 0.0x @ 67500")
    assert keys.desk.sent == []


async def test_an_edit_takes_the_confirmation_back(keys: Keys) -> None:
    await keys.type("buy $60k @ bid")
    keys.do("send")
    assert keys.trading.confirming
    keys.trading.edit("buy $61k @ bid")
    assert not keys.trading.confirming


# -- protection ----------------------------------------------------------------------------------------------------------


def _leg(keys: Keys, iid: InstrumentId) -> Position:
    return next(leg for leg in keys.desk.store.open_positions() if leg.instrument == iid)


async def test_p_stages_a_stop_over_the_naked_leg_and_enter_sends_it(keys: Keys) -> None:
    keys.surface.position = _leg(keys, ETH)
    keys.do("protect")
    view = keys.desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    assert (view.ticket.type, view.ticket.side, view.ticket.qty) == (OrderType.STOP, Side.BUY, 0)
    assert view.ticket.trigger_price == D("3544.9")  # a percent above the mark, on the tick
    keys.do("stop.looser", "stop.looser", "stop.tighter10")
    view = keys.desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    assert view.ticket.trigger_price == D("3544.9") + (2 - 10) * D("0.1")
    keys.do("send")
    await keys.surface.done()
    [create] = keys.desk.creates()
    assert b'"ordType":"Stop"' in create.body
    assert b'"closeOnTrigger":true' in create.body
    assert b'"orderQtyRq":"0"' in create.body


def test_p_says_when_the_leg_is_covered(keys: Keys) -> None:
    keys.surface.position = _leg(keys, BTC)
    keys.do("protect")
    assert keys.surface.last.startswith("BTCUSDT is covered, its stop stands at 66640")
    assert keys.desk.stage.draft is None


async def test_presses_on_a_standing_stop_are_one_amend(keys: Keys) -> None:
    keys.surface.position = _leg(keys, BTC)
    keys.do("stop.looser", "stop.looser", "stop.looser10")
    assert keys.surface.last == "stop 66640 -> 66634"
    assert keys.desk.kinds() == []
    deadline = asyncio.get_running_loop().time() + 8
    while not keys.desk.kinds():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)
    [amend] = [request for request in keys.desk.sent if request.kind is RequestKind.AMEND]
    assert "stopPxRp=66634" in amend.query


def test_a_stop_that_would_be_looser_than_nothing_is_said(keys: Keys) -> None:
    keys.surface.position = _leg(keys, ETH)
    keys.do("stop.tighter")
    assert keys.surface.last == "ETHUSDT has no stop at the venue  try: p protects it"
    keys.do("target.nearer")
    assert keys.surface.last == "ETHUSDT has no target at the venue  try: :tp PRICE"


async def test_e_stages_the_move_to_break_even_and_enter_amends(keys: Keys) -> None:
    keys.surface.position = _leg(keys, BTC)
    keys.do("break_even")
    view = keys.desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    level = view.ticket.trigger_price
    entry = D("67044")
    assert level is not None
    assert level - D("0.5") < entry * (1 + D("0.0006")) / (1 - D("0.0006")) <= level
    keys.do("send")
    await keys.surface.done()
    assert keys.desk.creates() == []
    [amend] = [request for request in keys.desk.sent if request.kind is RequestKind.AMEND]
    assert f"stopPxRp={plain(level)}" in amend.query


def test_e_is_refused_when_the_price_is_beyond_it(keys: Keys) -> None:
    keys.desk.world.ticker(mark="67050")
    keys.surface.position = _leg(keys, BTC)
    keys.do("break_even")
    assert "is below break-even" in keys.surface.last
    assert keys.desk.stage.draft is None


async def test_money_is_moved_only_when_the_line_is_entered_again(keys: Keys) -> None:
    assert not await keys.type("transfer 100 USDT in")
    assert keys.surface.last.startswith("transfer 100 USDT in: Enter again does it")
    assert keys.desk.sent == []
