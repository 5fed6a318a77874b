"""The key table: no conflicts, no key that terminals swallow, no single key that sends an entry."""

from __future__ import annotations

import itertools

import pytest

from tui_trader.ui.action import Action, Context
from tui_trader.ui.actions import ACTIONS
from tui_trader.ui.keymap import SWALLOWED, KeyMap, key_name, spoken

SAFE_VIEWS = [
    frozenset({Context.TRADE}),
    frozenset({Context.TRADE, Context.LIST}),
    frozenset({Context.TRADE, Context.BOOK}),
    frozenset({Context.TRADE, Context.CHART}),
]
STAGED_VIEW = frozenset({Context.TRADE, Context.STAGED})
ALL_KEYS = sorted({key for action in ACTIONS for keys in action.keys for key in keys.split(" ")})


@pytest.mark.parametrize("view", SAFE_VIEWS)
@pytest.mark.parametrize("key", ALL_KEYS)
def test_no_single_key_from_safe_can_add_exposure(view: frozenset[Context], key: str) -> None:
    action = KeyMap().press(key, view)
    assert action is None or not action.adds_exposure


@pytest.mark.parametrize("view", SAFE_VIEWS)
def test_no_sequence_from_safe_can_add_exposure(view: frozenset[Context]) -> None:
    for first, second in itertools.product(ALL_KEYS, repeat=2):
        keymap = KeyMap()
        if keymap.press(first, view) is None and keymap.pending:
            action = keymap.press(second, view)
            assert action is None or not action.adds_exposure


def test_enter_sends_only_what_is_staged() -> None:
    assert KeyMap().press("enter", SAFE_VIEWS[0]) is None
    sent = KeyMap().press("enter", STAGED_VIEW)
    assert sent is not None
    assert sent.id == "send"


def test_a_staged_order_takes_the_arrows() -> None:
    view = frozenset({Context.TRADE, Context.LIST, Context.STAGED})
    action = KeyMap().press("j", view)
    assert action is not None
    assert action.id == "price.down"


def test_digits_are_parts_only_while_closing() -> None:
    closing = KeyMap().press("2", STAGED_VIEW | {Context.CLOSING})
    plain = KeyMap().press("2", STAGED_VIEW)
    assert closing is not None
    assert plain is not None
    assert (closing.id, plain.id) == ("close.50", "preset.2")


def test_sequences_wait_for_their_second_key_and_forget_a_wrong_one() -> None:
    keymap = KeyMap()
    assert keymap.press("g", SAFE_VIEWS[0]) is None
    assert keymap.pending == "g"
    found = keymap.press("p", SAFE_VIEWS[0])
    assert found is not None
    assert found.id == "focus.positions"
    assert keymap.press("g", SAFE_VIEWS[0]) is None
    assert keymap.press("b", SAFE_VIEWS[0]) is not None
    assert keymap.press("g", SAFE_VIEWS[0]) is None
    assert keymap.press("7", SAFE_VIEWS[0]) is None
    assert keymap.pending == ""


def test_panic_reaches_everywhere() -> None:
    for view in (*SAFE_VIEWS, STAGED_VIEW, frozenset[Context]()):
        action = KeyMap().press("ctrl+g", view)
        assert action is not None
        assert action.id == "panic"


def test_conflicts_and_swallowed_keys_are_refused() -> None:
    twice = Action("other", ("b",), Context.TRADE, "conflicts")
    with pytest.raises(ValueError, match=r"join\.buy and other"):
        KeyMap((*ACTIONS, twice))
    for key in SWALLOWED:
        with pytest.raises(ValueError, match="does not reach"):
            KeyMap((Action("x", (key,), Context.TRADE, ""),))


def test_every_action_is_reachable_somewhere_and_explained() -> None:
    keymap = KeyMap()
    views = [
        *SAFE_VIEWS,
        STAGED_VIEW,
        STAGED_VIEW | {Context.CLOSING},
        frozenset({Context.TRADE, Context.ARMED}),
    ]
    reached = {action.id for view in views for action in keymap.available(view)}
    assert reached == {action.id for action in ACTIONS}
    assert all(action.text for action in ACTIONS)


def test_keys_are_written_as_people_say_them() -> None:
    assert [spoken(k) for k in ("ctrl+g", "g p", "enter", "B")] == ["^G", "gp", "Enter", "B"]


def test_printable_keys_are_their_characters() -> None:
    assert key_name("question_mark", "?") == "?"
    assert key_name("upper_b", "B") == "B"
    assert key_name("space", " ") == "space"
    assert key_name("enter", "\r") == "enter"
