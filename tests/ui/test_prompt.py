"""The command line by itself: completion, history, and that its first character cannot be lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from textual.app import App, ComposeResult

from tests.ui.desks import key_event
from tui_trader.ui.prompt import MAX_HISTORY, Prompt


class PromptApp(App[None]):
    """A prompt and a list of what it said."""

    def __init__(self, words: Sequence[str] = ("cancel", "close")) -> None:
        super().__init__()
        self.words = words
        self.heard: list[object] = []

    def compose(self) -> ComposeResult:
        yield Prompt(lambda text: [word for word in self.words if word.startswith(text.rpartition(" ")[2])])

    def on_prompt_entered(self, event: Prompt.Entered) -> None:
        self.heard.append(event.text)
        self.query_one(Prompt).mend()

    def on_prompt_left(self, event: Prompt.Left) -> None:
        self.heard.append(None)


class Line:
    """The prompt of a running app."""

    def __init__(self, app: PromptApp, pilot: object) -> None:
        self.app = app
        self._pilot = pilot
        self.prompt = app.query_one(Prompt)

    async def press(self, *keys: str) -> str:
        for key in keys:
            self.app.post_message(key_event(key))
        await self._pilot.pause()  # type: ignore[attr-defined]
        return self.prompt.value


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    app = PromptApp()
    async with app.run_test(size=(80, 3)) as pilot:
        running = Line(app, pilot)
        running.prompt.open(":")
        yield running


async def test_tab_fills_in_what_is_common_and_a_single_word_whole(line: Line) -> None:
    assert await line.press("c", "tab") == ":c"
    assert await line.press("a", "tab") == ":cancel "
    assert await line.press("x", "y", "tab") == ":cancel xy"


async def test_enter_hands_over_the_line(line: Line) -> None:
    await line.press("c", "enter")
    assert line.app.heard == [":c"]


async def test_esc_and_backspace_on_an_empty_line_leave(line: Line) -> None:
    await line.press("c", "backspace")
    assert line.app.heard == []
    await line.press("backspace")
    assert line.app.heard == [None]


async def test_the_first_character_stays(line: Line) -> None:
    await line.press("b", "u", "y", "home")
    assert await line.press("x") == ":xbuy"
    assert await line.press("end", "ctrl+u") == ":"
    assert await line.press("b") == ":b"


async def test_history_by_kind_of_line(line: Line) -> None:
    for text in ("buy 1", "sell 1", "sell 1"):
        line.prompt.remember(text)
    line.prompt.open("/")
    line.prompt.remember("eth")
    line.prompt.open(":")
    assert await line.press("up") == ":sell 1"
    assert await line.press("up", "up") == ":buy 1"
    assert await line.press("down", "down", "down") == ":"
    line.prompt.open("/")
    assert await line.press("up") == "/eth"


async def test_history_is_bounded(line: Line) -> None:
    for number in range(MAX_HISTORY + 50):
        line.prompt.remember(f"buy {number}")
    assert len(line.prompt._history) == MAX_HISTORY
    assert await line.press("up") == f":buy {MAX_HISTORY + 49}"
