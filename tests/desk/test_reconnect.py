"""``conn VENUE``: the connections of one account are given up for new ones, and all is checked again."""

from __future__ import annotations

import pytest

from tests.desk.conftest import World, until
from tui_trader.core.error import CommandError
from tui_trader.core.grammar import parse
from tui_trader.desk.commands import Executor


async def test_every_lane_connects_anew_and_entries_wait_for_the_check(world: World) -> None:
    desk = await world.desk()
    before = {lane: link.changed_ns for (_, lane), link in desk.store.links.items()}
    [said] = await Executor(desk).run(parse("conn phemex").commands[0], send=True)
    assert said.text == "phemex/main: public and private connecting anew; entries wait until all is checked"
    assert desk.focus is not None
    focus = desk.focus
    await until(lambda: not desk.reconciled, "what was known is in doubt")
    assert desk.blocked(focus)
    await world.ready(desk)
    after = {lane: link.changed_ns for (_, lane), link in desk.store.links.items()}
    assert all(after[lane] > before[lane] for lane in before)


@pytest.mark.parametrize("name", ["main", "phemex/main", "phemex"])
async def test_the_account_is_known_by_venue_label_or_both(world: World, name: str) -> None:
    desk = await world.desk(start=False)
    [said] = await Executor(desk).run(parse(f"conn {name}").commands[0], send=True)
    assert said.text == "phemex/main: no connection is up, and each is being tried again already"


async def test_another_account_is_refused_with_those_there_are(world: World) -> None:
    desk = await world.desk(start=False)
    with pytest.raises(CommandError, match="mexc is not open here") as caught:
        await Executor(desk).run(parse("conn mexc").commands[0], send=True)
    assert caught.value.fix == "conn phemex/main"
