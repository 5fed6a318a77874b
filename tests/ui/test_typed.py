"""Typed lines on the screen: staged, never sent by themselves, and what names and keys for them may do."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ui.desks import Keys, program, quiet_desk
from tui_trader.core.error import TraderError
from tui_trader.core.language.guide import examples
from tui_trader.core.language.words import CLAUSES, VERBS
from tui_trader.venues.base import RequestKind


@pytest.fixture
async def keys(tmp_path: Path):  # type: ignore[no-untyped-def]
    desk = quiet_desk(tmp_path)
    yield Keys(desk)
    await desk.close()


async def test_a_scale_is_staged_with_what_it_comes_to_and_sent_with_enter(keys: Keys) -> None:
    assert await keys.type("scale buy 0.08 in 4 from -0.1% to -0.4% up")
    view = keys.desk.stage.view()
    assert view is not None
    assert len(view.orders) == 4
    assert keys.desk.creates() == []
    keys.do("send")
    await keys.surface.done()
    if not keys.desk.creates():  # a doubt was shown first
        keys.desk.world.clock.advance(0.4)
        keys.do("send")
        await keys.surface.done()
    assert len(keys.desk.creates()) == 4
    assert keys.desk.stage.draft is None


async def test_the_next_enter_cannot_send_what_was_staged_before_a_scale(keys: Keys) -> None:
    await keys.type("buy 0.01 @ bid-1%")
    assert keys.trading.enter("scale buy 0.08 in 4 from -0.1% to -0.4%")
    assert keys.desk.stage.draft is None, "the line is still running"
    await keys.surface.done()


async def test_a_scale_with_an_exclamation_mark_takes_one_enter(keys: Keys) -> None:
    await keys.type("scale buy 0.08 in 4 from -0.1% to -0.4%!")
    assert len(keys.desk.creates()) == 4


async def test_a_line_with_two_orders_needs_an_exclamation_mark(keys: Keys) -> None:
    assert not await keys.type("buy 0.01 @ bid-1%; sell 0.01 @ ask+1%")
    assert "the ticket holds one order, this line has 2" in keys.surface.last
    assert keys.desk.creates() == []
    assert await keys.type("buy 0.01 @ bid-1%; sell 0.011 @ ask+1%!")
    assert len(keys.desk.creates()) == 2


async def test_what_stands_after_a_double_ampersand_waits_for_success(keys: Keys) -> None:
    with pytest.raises(TraderError):
        await keys.type("close ZZZ* && buy 0.01 @ bid-1%!")
    assert keys.desk.creates() == []


async def test_dry_says_it_and_stages_nothing(keys: Keys) -> None:
    assert await keys.type("buy 0.02 @ bid-1% sl -2% dry!")
    assert keys.desk.creates() == []
    assert keys.desk.stage.draft is None
    assert "nothing is sent" in keys.surface.last
    assert "risk" in keys.surface.last


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("buy 0.02 @ bid-1% on mexc", "connected to SIM phemex/main"),
        ("buy 0.02 @ bid-1% acct other", "connected to SIM phemex/main"),
        ("live main", "and nowhere else"),
        ("replay a.rec.jsonl", "a terminal of its own"),
    ],
)
async def test_what_belongs_elsewhere_is_refused_with_the_way_there(keys: Keys, line: str, words: str) -> None:
    with pytest.raises(TraderError, match=words) as caught:
        await keys.type(line)
    assert getattr(caught.value, "fix", "")
    assert keys.desk.creates() == []


async def test_calculations_are_exact_and_know_the_market(keys: Keys) -> None:
    await keys.type("calc 0.1 + 0.2")
    assert keys.surface.last == "0.1 + 0.2 = 0.3"
    await keys.type("calc 1 / 3")
    assert keys.surface.last == "1 / 3 = ~0.3333333333333333333333333333"
    await keys.type("calc (ask - bid) / tick")
    assert keys.surface.last.endswith("= 2")
    with pytest.raises(TraderError, match="division by zero"):
        await keys.type("calc 1/0")


async def test_limits_conn_and_off_answer_in_one_line(keys: Keys) -> None:
    await keys.type("limits")
    assert "order 100000" in keys.surface.last
    await keys.type("conn")
    assert "SIM phemex/main" in keys.surface.last
    await keys.type("off")
    assert "nothing runs" in keys.surface.last


async def test_a_name_stands_for_its_line_and_takes_what_follows(keys: Keys) -> None:
    await keys.type('alias join "buy 0.03 @ bid-1%"')
    assert await keys.type("join po")
    view = keys.desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    assert (str(view.ticket.qty), view.ticket.tif.value) == ("0.03", "post_only")
    await keys.type("unalias join")
    assert not await keys.type("join po")
    assert "unknown command" in keys.surface.last


async def test_a_key_stages_what_its_line_would_send(tmp_path: Path) -> None:
    desk = quiet_desk(tmp_path)
    async with program(desk, (120, 40)) as shown:
        await shown.press(":")
        await shown.type('bind f5 "buy 0.03 @ bid-1%!"')
        await shown.press("enter")
        await shown.press("f5")
        assert desk.creates() == []
        assert desk.stage.draft is not None
        await shown.press("escape")
        await shown.press(":")
        await shown.type('bind b "buy 1!"')
        await shown.press("enter")
        assert "b is taken" in shown.picture()
        assert "b" not in desk.macros.keys


async def test_earlier_lines_are_searched_and_only_taken(tmp_path: Path) -> None:
    desk = quiet_desk(tmp_path)
    async with program(desk, (120, 40)) as shown:
        for line in ("limits", "calc 1+1", "conn"):
            await shown.press(":")
            await shown.type(line)
            await shown.press("enter")
        await shown.press(":", "ctrl+r")
        await shown.type("lim")
        assert shown.screen.prompt.value == ":limits"
        assert "search: lim" in shown.picture()
        await shown.press("enter")
        assert shown.screen.prompt.display, "the first Enter takes the line, the next one runs it"
        await shown.press("enter")
        assert not shown.screen.prompt.display


@pytest.mark.parametrize("example", examples())
async def test_no_example_of_the_manual_sends_an_entry_with_one_enter(keys: Keys, example: str) -> None:
    if example == "quit":
        return
    with contextlib.suppress(TraderError):
        await keys.type(example)
    assert [request for request in keys.desk.creates() if b'"reduceOnly":true' not in request.body] == []


_PIECES = [*VERBS, *CLAUSES, "1", "0.01", "67000", "1%", "-1%", "2R", "5m", "@", "bid", "&&", ";", "!", ":", "BTCUSDT", "all"]


async def test_no_half_typed_line_raises_or_sends(keys: Keys) -> None:
    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(_PIECES), max_size=9).map(" ".join))
    def explained(text: str) -> None:
        words, _ = keys.trading.explain(text)
        assert words or not text.strip()
        assert keys.desk.stage.draft is None

    explained()
    assert [kind for kind in keys.desk.kinds() if kind is not RequestKind.READ] == []


@pytest.mark.parametrize("text", ["buy 1!\n", "scale buy 1 in 4 from -1% to -2%!\r\n", ":flat all!\n\n", "\x1b[200~buy 1!\n"])
async def test_pasted_lines_send_nothing(tmp_path: Path, text: str) -> None:
    from textual import events

    desk = quiet_desk(tmp_path)
    async with program(desk, (120, 40)) as shown:
        shown.app.post_message(events.Paste(text))
        await shown.settle()
        assert desk.kinds() == []
        assert desk.stage.draft is None
