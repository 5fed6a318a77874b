"""Hands and terminals that do more than was meant: 9 classes, mostly held by the tests of the screen and of the whole program."""

from __future__ import annotations

from tests.bad.row import Row, rng

_TRADING = "tests/ui/test_trading.py"
_SCREEN = "tests/ui/test_trade_screen.py"
_SAFE = "tests/ui/test_safe_property.py"
_SAFETY = "tests/e2e/test_safety.py"


def _pastes() -> list[str]:
    """Return texts with line ends, commands and controls in them, as a clipboard may hold."""
    dice = rng("paste")
    pieces = [
        "1",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "2",
        "buy 1",
        "!",
        ";",
        "\t",
        "\x1b",
        "\x1b[31m",
        "flat all!",
        " ",
        "\x00",
        "１",
        "\u2028",
        "b",
        "X",
    ]
    return [
        "1\n\n\r2",
        "\n",
        "\r",
        "b\nb\n",
        "buy 1 BTCUSDT!\n",
        "\n" * 5_000,
        *("".join(dice.choices(pieces, k=6)) for _ in range(7)),
    ]


ROWS: tuple[Row, ...] = (
    Row(
        "Enter held",
        "keys, prompt, form",
        "one order at most",
        [3, 30],
        (
            f"{_TRADING}::test_enter_sends_once_and_a_second_enter_finds_nothing",
            f"{_SAFE}::test_every_order_was_preceded_by_an_enter_on_what_was_staged",
            f"{_SAFETY}::test_a_held_enter_sends_one_order",
            f"{_SAFETY}::test_enter_held_in_the_form_sends_one_order",
            f"{_SAFETY}::test_enter_held_on_a_typed_order_sends_one_order",
        ),
    ),
    Row("double click confirm", "mouse on every cell of the screen", "nothing is sent by a click", [1, 2, 3]),
    Row(
        "paste `1\\n\\n\\r2`",
        "bracketed paste while staged, in the prompt, in the form",
        "one line in a field; nothing is sent",
        _pastes(),
        (f"{_SCREEN}::test_pasted_text_is_not_keys", f"{_SAFETY}::test_text_pasted_while_an_order_is_staged_does_not_send_it"),
    ),
    Row(
        "type-ahead during lag",
        "keys while the screen is behind",
        "dropped or refused; exits pass",
        [":buy 0.01 @ bid\n\n\n", "b\n\n\n", "bs\nB\n", ":buy 0.01!\n"],
        (
            f"{_SCREEN}::test_what_is_typed_ahead_of_a_line_being_judged_is_dropped",
            f"{_SCREEN}::test_a_terminal_that_lags_refuses_entries",
        ),
    ),
    Row(
        "resize in dialog",
        "prompt, form and help while the size changes",
        "what was typed stays; too small refuses entries",
        [(60, 20), (1, 1), (200, 60)],
        (f"{_SCREEN}::test_an_order_that_was_staged_is_not_sent_from_a_screen_that_became_too_small",),
    ),
    Row(
        "focus change mid-entry",
        "the window loses and gets the focus; another instrument is shown",
        "the entry stays as it was; a draft of another instrument is dropped",
        ["blur", "symbol"],
        (f"{_SAFE}::test_no_single_key_sends_from_any_pane",),
    ),
    Row(
        "esc+key sequences split",
        "bytes of the terminal, one by one",
        "never an Enter that nobody pressed",
        ["\x1b[A", "\x1b[1;5C", "\x1bOP", "\x1b[15~", "\x1b[<0;5;5M", "\x1b[200~1\n2\x1b[201~", "\x1b[?2026;2$y", "\x1b[5n"],
        (
            f"{_SAFETY}::test_two_escs_in_one_read_close_the_help_once",
            f"{_SAFETY}::test_the_command_line_keeps_the_keys_after_escs_out_of_the_form",
        ),
    ),
    Row(
        "two dialogs",
        "help, prompt and form over each other",
        "the keys go to the one that is seen; nothing is sent",
        ["?:", "b\t?", ":?", "??", "?b\n", "b?\n", "b\t:"],
        (f"{_SCREEN}::test_help_does_not_send",),
    ),
    Row(
        "hotkey letter inside a text field",
        "prompt, finder, form, help",
        "a letter is a letter",
        list("bsBSxXcCqmpr\x07"),
        (f"{_SAFE}::test_no_key_sends_from_a_text_field",),
    ),
)
