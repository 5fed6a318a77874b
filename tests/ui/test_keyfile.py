"""A key map of the trader's own: what is taken, and every mistake with its place and what to write instead."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tui_trader.core.error import ConfigError
from tui_trader.desk.toml_source import parse_toml
from tui_trader.ui.action import Context
from tui_trader.ui.actions import ACTIONS
from tui_trader.ui.keyfile import rebound
from tui_trader.ui.keylist import markdown, rows, text
from tui_trader.ui.keymap import SWALLOWED, KeyMap
from tui_trader.ui.scalper import PREFIX, SCALPER

ROOT = Path(__file__).parents[2]
BOTH = (*ACTIONS, *SCALPER)


def problems(body: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        rebound(BOTH, parse_toml(body.encode(), "keymap.toml"))
    return caught.value.problems


def test_keys_are_taken_over() -> None:
    found = rebound(BOTH, parse_toml(b'[keys]\n"focus.tape" = "g x"\n"group.down" = ["_", "f2"]\n', "keymap.toml"))
    keys = {action.id: action.keys for action in found}
    assert keys["focus.tape"] == ("g x",)
    assert keys["group.down"] == ("_", "f2")
    action = KeyMap(found).press("f2", frozenset({Context.TRADE}))
    assert action is not None
    assert action.id == "group.down"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('[keys]\n"join.bye" = "b"\n', ":2:14: there is no action 'join.bye'; write join.buy"),
        ('[keys]\n"theme" = "b"\n', ":2:11: 'b' is join.buy there; give that another key, or write another here"),
        ('[keys]\n"theme" = "g"\n', "'g' alone hides"),
        ('[keys]\n"theme" = "b x"\n', "'b x' begins with 'b', which is join.buy"),
        ('[keys]\n"theme" = "ctrl+s"\n', ":2:11: ctrl+s does not reach the program everywhere (flow control); write a printable"),
        ('[keys]\n"theme" = "ctrl+b"\n', "(tmux)"),
        ('[keys]\n"theme" = "alt+t"\n', "terminals send Esc for Alt"),
        ('[keys]\n"theme" = "f11"\n', "does not reach"),
        ('[keys]\n"theme" = "pagup"\n', "'pagup' is no key; write pageup"),
        ('[keys]\n"theme" = "g g g"\n', "is a sequence of 3 keys"),
        ('[keys]\n"theme" = 5\n', 'one text or a list of texts; write "theme" = "T"'),
        ('[keys]\n"theme" = []\n', "one text or a list of texts"),
        ('[keys]\n"panic" = "P"\n', "panic keeps its key (^G is the way out)"),
        ('[keys]\n"send" = "!"\n', "send keeps its key (Enter sends)"),
        ('[keys]\njoin.buy = "b"\n', 'an id with a dot needs quotes: write "join.buy"'),
        ('[key]\n"theme" = "t"\n', ":1:2: there is no section 'key' in a key map; write [keys]"),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_what_to_write(body: str, says: str) -> None:
    found = problems(body)
    assert any(says in line for line in found), found
    assert all(line.startswith("keymap.toml:") for line in found)


def test_every_mistake_of_a_file_is_named_in_its_order() -> None:
    found = problems('[keys]\n"theme" = "ctrl+s"\n"nothing" = "t"\n"zoom" = "b"\n')
    assert [line.split(":")[1] for line in found] == ["2", "3", "4"]


@pytest.mark.parametrize("key", sorted(SWALLOWED))
def test_no_swallowed_key_can_be_asked_for(key: str) -> None:
    assert any("does not reach" in line for line in problems(f'[keys]\n"theme" = "{key}"\n'))


def test_no_key_of_either_map_is_one_that_terminals_keep() -> None:
    for action in BOTH:
        for key in itertools.chain.from_iterable(keys.split(" ") for keys in action.keys):
            assert key not in SWALLOWED, action.id
            assert not key.startswith(("alt+", "ctrl+shift")), action.id
            assert key not in ("f10", "f11"), action.id


def test_the_scalper_map_is_live_on_the_ladder_while_armed_alone() -> None:
    keymap = KeyMap(BOTH)
    safe = [
        frozenset({Context.TRADE, Context.BOOK}),
        frozenset({Context.TRADE, Context.LIST}),
        frozenset({Context.TRADE, Context.ARMED, Context.LIST}),
        frozenset({Context.TRADE, Context.STAGED}),
    ]
    armed = frozenset({Context.TRADE, Context.ARMED, Context.SCALPER, Context.BOOK})
    for action in SCALPER:
        for view in safe:
            other = keymap.press(action.keys[0], view)
            keymap.pending = ""
            assert other is None or not other.id.startswith(PREFIX)
        assert keymap.press(action.keys[0], armed) is action


def test_the_manual_is_the_table() -> None:
    assert (ROOT / "docs/keys.md").read_text() == markdown(BOTH), "run: tui-trader keymap list --markdown > docs/keys.md"


def test_the_list_has_every_action() -> None:
    assert [row["id"] for row in rows(BOTH)] == [action.id for action in BOTH]
    listed = text(BOTH)
    assert all(action.id in listed and action.text in listed for action in BOTH)
