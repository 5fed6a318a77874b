"""SAFE and ARMED: what a key sends while armed, that it sends once, and everything that ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual import events

from tests.ui.desks import Program, ScriptedDesk, key_event, program, quiet_desk
from tests.ui.panes.conftest import ETH
from tui_trader.core.event import LinkChanged
from tui_trader.core.types import LinkState, OrderStatus
from tui_trader.desk.settings import Confirm
from tui_trader.state import topic
from tui_trader.ui.actions import ACTIONS
from tui_trader.ui.app import TraderApp
from tui_trader.ui.habits import Habits
from tui_trader.ui.scalper import SCALPER
from tui_trader.venues.base import Outcome, RequestKind, Verdict


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    return quiet_desk(tmp_path)


@pytest.fixture
async def shown(desk: ScriptedDesk) -> AsyncIterator[Program]:
    """The program at 120 by 40."""
    async with program(desk, (120, 40)) as running:
        yield running


def alive(desk: ScriptedDesk) -> None:
    """Let the venue say again what it said, so that nothing is stale."""
    desk.world.usual_book().ticker(mark="67410.9")
    for lane in ("public", "private"):
        desk.store.heard("phemex", lane)


async def pull(shown: Program, key: str, after: float = 3.0) -> None:
    """Press a key as a finger does, a while after the last one, and wait until what it does is done."""
    desk = shown.app.desk
    assert isinstance(desk, ScriptedDesk)
    desk.world.clock.advance(after)
    alive(desk)
    shown.app.post_message(key_event(key))
    await shown.pilot.pause()
    for _ in range(300):
        if not shown.screen.trigger.waiting:
            break
        await shown.pilot.pause(0.01)
    await shown.settle()


async def arm(shown: Program) -> None:
    await pull(shown, "A")
    assert shown.screen.trading.arming.armed, shown.said


async def test_armed_is_said_in_words_and_counts_down(desk: ScriptedDesk, shown: Program) -> None:
    assert " SAFE " in shown.pane("status")
    await arm(shown)
    assert "ARMED: b s B S send on the key" in shown.said
    assert " ARMED 5:00 " in shown.pane("status")
    assert "A disarm" in shown.pane("status")
    desk.world.clock.advance(61)
    alive(desk)
    desk.store.touch(topic.CLOCK)  # as a desk's rounds do once a second
    await shown.settle()
    assert " ARMED 3:59 " in shown.pane("status"), shown.said
    await pull(shown, "A", 0.5)
    assert " SAFE " in shown.pane("status")
    await pull(shown, "b")
    assert desk.creates() == []
    assert desk.stage.draft is not None


@pytest.mark.parametrize(
    ("key", "words"),
    [("b", b'"side":"Buy"'), ("s", b'"side":"Sell"'), ("B", b'"timeInForce":"ImmediateOrCancel"'), ("S", b'"side":"Sell"')],
)
async def test_a_key_sends_once(desk: ScriptedDesk, shown: Program, key: str, words: bytes) -> None:
    desk.world.order(id="tt-3", status=OrderStatus.CANCELED)  # a sale across the spread would meet it
    await arm(shown)
    await pull(shown, key)
    assert len(desk.creates()) == 1
    assert words in desk.creates()[0].body
    assert desk.stage.draft is None


async def test_what_would_meet_an_own_order_is_shown_first(desk: ScriptedDesk, shown: Program) -> None:
    await arm(shown)
    await pull(shown, "S")
    assert desk.creates() == []
    assert "would trade with your own buy" in shown.said
    assert "Enter again sends" in shown.said


async def test_x_closes_at_once(desk: ScriptedDesk, shown: Program) -> None:
    await arm(shown)
    await pull(shown, "x")
    assert [b'"reduceOnly":true' in one.body for one in desk.creates()] == [True]


async def test_a_held_key_sends_once(desk: ScriptedDesk, shown: Program) -> None:
    await arm(shown)
    await pull(shown, "b")
    await pull(shown, "b", 0.5)  # the pause before a keyboard repeats
    for _ in range(60):
        await pull(shown, "b", 0.033)
    assert len(desk.creates()) == 1
    assert "b is held" in shown.said
    assert shown.said in shown.pane("command")


@pytest.mark.parametrize("text", ["b", "B", "buy 1 btc", "xxxx", "sbSB", "b\n", "A b"])
async def test_a_paste_never_sends(desk: ScriptedDesk, shown: Program, text: str) -> None:
    await arm(shown)
    shown.app.post_message(events.Paste(text))
    await shown.settle()
    assert desk.creates() == []


@pytest.mark.parametrize("text", ["bb", "buy 1 btc", "xxxx", "sbSB", "Ab", "jb", "b\t", "3B"])
async def test_a_paste_without_brackets_never_sends(desk: ScriptedDesk, shown: Program, text: str) -> None:
    await arm(shown)
    desk.world.clock.advance(3)
    alive(desk)
    for character in text:
        shown.app.post_message(key_event(character))
    await shown.pilot.pause()
    await shown.pilot.pause(0.06)
    await shown.settle()
    assert desk.creates() == []


@pytest.mark.parametrize("ending", ["time", "link", "book", "venue answers", "halt", "blur", "lag"])
async def test_arming_ends_by_itself(desk: ScriptedDesk, shown: Program, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await arm(shown)
    if ending == "time":
        desk.world.clock.advance(300)
        alive(desk)
    elif ending == "link":
        desk.world.links(LinkState.DOWN, "closed 1006")
    elif ending == "book":
        desk.world.clock.advance(5)
    elif ending == "venue answers":
        desk.sync.reconciled = False
    elif ending == "halt":
        desk.controls.reduce("asked for")
    elif ending == "blur":
        shown.app.post_message(events.AppBlur())
    elif ending == "lag":
        monkeypatch.setattr(TraderApp, "display_delayed", property(lambda app: True))
    await shown.settle()
    assert not shown.screen.trading.arming.armed
    assert "SAFE again: " in shown.said
    monkeypatch.undo()
    await pull(shown, "b")
    assert desk.creates() == []


async def test_a_link_that_is_back_before_anybody_looked_has_ended_it_all_the_same(desk: ScriptedDesk, shown: Program) -> None:
    await arm(shown)
    # An own event: it is looked at within the same turn.
    desk.absorb([LinkChanged("phemex", "private", LinkState.DOWN, "closed 1006")])
    desk.absorb([LinkChanged("phemex", "private", LinkState.LIVE, "")])
    await shown.settle()
    assert not shown.screen.trading.arming.armed


async def test_nothing_is_armed_while_nothing_could_be_sent(desk: ScriptedDesk, shown: Program) -> None:
    desk.controls.reduce("asked for")
    await shown.press("A")
    assert "not armed: " in shown.said
    assert " ARMED" not in shown.pane("status")


async def test_too_small_a_terminal_is_not_armed(desk: ScriptedDesk) -> None:
    async with program(desk, (60, 20)) as shown:
        await shown.press("A")
        assert not shown.screen.trading.arming.armed
        assert "too small" in shown.said


async def test_a_large_entry_is_shown_and_asks_even_armed(desk: ScriptedDesk) -> None:
    async with program(desk, habits=Habits(confirm=Confirm.ALWAYS)) as shown:
        await arm(shown)
        await pull(shown, "b")
        assert desk.creates() == []
        assert "Enter again sends" in shown.said
        assert "BUY 0.014" in shown.pane("ticket")
        await pull(shown, "b")  # with an order staged only Enter sends
        assert desk.creates() == []
        await pull(shown, "enter")
        await pull(shown, "enter", 0.5)
        assert len(desk.creates()) == 1


async def test_what_is_refused_stays_on_the_stage(desk: ScriptedDesk, shown: Program) -> None:
    await arm(shown)
    desk.answers.append(Verdict(Outcome.REJECTED, text="not now"))
    await pull(shown, "b")
    assert "not now" in shown.said
    await pull(shown, "b", 2.5)
    assert len(desk.creates()) == 2  # another press of a finger is another order


async def test_another_symbol_of_the_same_venue_stays_armed(desk: ScriptedDesk, shown: Program) -> None:
    desk.world.book([("3509.8", "7")], [("3510.1", "9")], ETH)
    await arm(shown)
    desk.world.book([("3509.8", "7")], [("3510.1", "9")], ETH)
    await pull(shown, "n", 0.1)
    desk.world.book([("3509.8", "7")], [("3510.1", "9")], ETH)
    assert shown.screen.trading.arming.armed, shown.said


async def test_arming_by_a_typed_line(desk: ScriptedDesk, shown: Program) -> None:
    await shown.type(":arm 30s\n")
    assert " ARMED 0:30 " in shown.pane("status")


@pytest.mark.parametrize("asks", [True, False])
async def test_a_reversal_shows_both_legs_first(desk: ScriptedDesk, asks: bool) -> None:
    async with program(desk, habits=Habits(confirm_reverse=asks)) as shown:
        desk.world.order(id="tt-3", status=OrderStatus.CANCELED)
        await shown.press("R")
        assert desk.creates() == []
        assert "reverse BTCUSDT: closes long 0.5 BTC at market, then sells 0.5 BTC: Enter sends both" in shown.said
        await shown.press("escape")
        assert desk.stage.draft is None
        await arm(shown)
        await pull(shown, "R")
        assert bool(desk.creates()) is not asks
        if not asks:
            assert b'"reduceOnly":true' in desk.creates()[0].body
            assert len(desk.creates()) == 1  # the second leg waits until the first is known to be done


async def test_panic_disarms(desk: ScriptedDesk, shown: Program) -> None:
    await arm(shown)
    await pull(shown, "ctrl+g")
    assert RequestKind.CANCEL in desk.kinds()
    assert not shown.screen.trading.arming.armed


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("q", b'"side":"Buy"'),
        ("w", b'"side":"Sell"'),
        ("a", b'"timeInForce":"ImmediateOrCancel"'),
        ("z", b'"priceRp":"67413"'),
        ("x", b'"priceRp":"67412"'),
        ("r", b'"reduceOnly":true'),
    ],
)
async def test_the_scalper_cluster_sends_on_the_ladder_alone(desk: ScriptedDesk, key: str, words: bytes) -> None:
    desk.world.order(id="tt-3", status=OrderStatus.CANCELED)
    async with program(desk, actions=(*ACTIONS, *SCALPER)) as shown:
        await pull(shown, key)
        assert desk.creates() == []  # SAFE
        await shown.leave_fields()
        await arm(shown)
        await pull(shown, key)
        assert [words in one.body for one in desk.creates()] == [True], [one.body for one in desk.creates()]
