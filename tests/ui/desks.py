"""A desk without a venue: a Store filled by events, a clock that stands still, and a sender that answers as it is told."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from decimal import Decimal as D
from pathlib import Path
from typing import Any

from textual import events
from textual.keys import _character_to_key

from tests.ui.panes.conftest import BTC, ETH, INSTRUMENTS, World
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.risk import Limits
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.account import Account
from tui_trader.desk.desk import Desk
from tui_trader.desk.environment import Environment
from tui_trader.desk.locations import shipped
from tui_trader.secrets.secret import Secret
from tui_trader.storage.journal import Journal
from tui_trader.ui.action import Action
from tui_trader.ui.actions import ACTIONS
from tui_trader.ui.app import TraderApp
from tui_trader.ui.habits import Habits
from tui_trader.ui.screens.trade import TradeScreen
from tui_trader.ui.theme import load_themes
from tui_trader.ui.trading import Trading
from tui_trader.venues.base import Credential, Endpoints, Outcome, Request, RequestKind, Verdict
from tui_trader.venues.phemex import PHEMEX

LIMITS = Limits(order_notional=D(100_000), position_notional=D(1_000_000), gross_notional=D(2_000_000))
"""Wide enough that only what a test is about objects."""


class ScriptedDesk(Desk):
    """A desk whose every request is remembered and answered from ``answers``, with ACK when those have run out."""

    def __init__(self, journal: Journal | None, world: World, limits: Limits = LIMITS, *, label: str = "main") -> None:
        account = Account(
            PHEMEX, Environment.SIM, Endpoints("http://127.0.0.1:1", "ws://127.0.0.1:1"), Credential("k", Secret("s")), label
        )
        super().__init__(account, clock=world.clock, rng=random.Random(7), journal=journal, limits=limits)
        self.world = world
        self.sent: list[Request] = []
        self.answers: list[Verdict] = []
        world.store = self.store
        world.listed()
        self._dialect.list_instruments(list(INSTRUMENTS))
        self.show(BTC)
        self.sync.reconciled = True

    async def send(self, request: Request) -> Verdict:
        self.sent.append(request)
        if request.kind.is_write and self.answers:
            return self.answers.pop(0)
        return Verdict(Outcome.ACK)

    def kinds(self) -> list[RequestKind]:
        """Return the kinds of the writes that were sent."""
        return [request.kind for request in self.sent if request.kind.is_write]

    def creates(self) -> list[Request]:
        """Return the orders that were sent."""
        return [request for request in self.sent if request.kind is RequestKind.CREATE]


class FakeSurface:
    """A screen that writes down what it is told."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Severity]] = []
        self.work: list[Coroutine[Any, Any, None]] = []
        self.order: Order | None = None
        self.marked: list[Order] = []
        self.position: Position | None = None
        self.shown: list[InstrumentId] = []
        self.steps: list[int] = []
        self.themes: list[str] = []
        self.helps: list[str] = []
        self.left = False
        self.cursor: D | None = None
        self.logs = 0
        self.tradable = True
        self.current = True

    def say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        self.said.append((text, severity))

    def clear(self) -> None:
        pass

    def cursor_price(self) -> D | None:
        return self.cursor

    def selected_order(self) -> Order | None:
        return self.order

    def chosen_orders(self) -> list[Order]:
        return self.marked or ([self.order] if self.order is not None else [])

    def release_marks(self) -> None:
        self.marked = []

    def name_of(self, order: Order) -> str:
        return order.client_id

    def selected_position(self) -> Position | None:
        return self.position

    def show_instrument(self, iid: InstrumentId) -> None:
        self.shown.append(iid)

    def group(self, step: int) -> None:
        self.steps.append(step)

    def use_theme(self, name: str) -> None:
        self.themes.append(name)

    def open_help(self, topic: str = "") -> None:
        self.helps.append(topic)

    def focus_log(self) -> None:
        self.logs += 1

    def leave(self, words: str = "") -> None:
        self.left = True

    def close_view(self) -> bool:
        return False

    def run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self.work.append(work)

    @property
    def last(self) -> str:
        """The last line that was said."""
        return self.said[-1][0] if self.said else ""

    async def done(self) -> None:
        """Wait for everything that was started."""
        while self.work:
            await self.work.pop(0)


class Keys:
    """Trading with a fake surface, driven by action ids."""

    def __init__(self, desk: ScriptedDesk) -> None:
        self.desk = desk
        self.surface = FakeSurface()
        self.trading = Trading(desk, self.surface, desk.clock, [BTC, ETH], Habits())
        self._last = ""

    def do(self, *names: str) -> None:
        """Perform actions one after the other; the same one again at the pace of somebody who reads in between."""
        for name in names:
            if name == self._last:
                self.desk.world.clock.advance(0.31)
            self._last = name
            self.trading.perform(action_named(name))

    async def type(self, line: str) -> bool:
        """Enter a line and wait for what it does."""
        self._last = ""
        taken = self.trading.enter(line)
        await self.surface.done()
        return taken


def action_named(name: str) -> Action:
    return next(action for action in ACTIONS if action.id == name)


def quiet_desk(tmp_path: Path, *, limits: Limits = LIMITS, journal: bool = True, label: str = "main") -> ScriptedDesk:
    """Return a desk in the middle of a session, entries allowed."""
    world = World()
    file = tmp_path / ("journal.jsonl" if label == "main" else f"{label}.jsonl")
    desk = ScriptedDesk(Journal(file, world.clock) if journal else None, world, limits, label=label)
    world.trading()
    for lane in ("public", "private"):
        desk.store.heard("phemex", lane)
    return desk


class Program:
    """A TraderApp in a pilot, on a desk without a venue."""

    def __init__(self, app: TraderApp, pilot: Any) -> None:
        self.app = app
        self.pilot = pilot
        self._last = ""

    @property
    def screen(self) -> TradeScreen:
        screen = self.app.trade_screen
        assert screen is not None
        return screen

    async def press(self, *keys: str) -> None:
        """Press keys one after the other; the same one again at the pace of somebody who reads in between."""
        desk = self.app.desk
        for key in keys:
            if key == self._last and isinstance(desk, ScriptedDesk):
                desk.world.clock.advance(0.31)
            self._last = key
            self.app.post_message(key_event(key))
            await self.pilot.pause()
        await self.settle()

    async def type(self, text: str) -> None:
        """Type a text as fast as a terminal can deliver it."""
        for character in text:
            self.app.post_message(key_event(character))
        await self.settle()

    async def leave_fields(self) -> None:
        """Close whatever is open and forget what is staged."""
        while self.app.screen is not self.screen:
            await self.app.pop_screen()
        if self.screen.prompt.display:
            self.screen.typing.close()
        if self.screen.form.is_open:
            self.screen.form_row.close()
        self.screen.desk.stage.drop()

    async def settle(self) -> None:
        """Let everything happen that is due, and paint it."""
        await self.pilot.pause()
        self.screen.tick()
        self.app.pump.frame()
        await self.pilot.pause()

    def picture(self) -> str:
        """Return what the screen shows, as text."""
        return picture(self.app)

    def pane(self, slot: str) -> str:
        """Return what one pane shows."""
        pane = next(pane for name, pane in self.screen.panes.items() if name.value == slot)
        return "\n".join(pane.line(y).rstrip() for y in range(pane.content_size.height))

    @property
    def said(self) -> str:
        return self.screen.message.text


_CHARACTERS = {"enter": "\r", "tab": "\t", "space": " ", "escape": "\x1b", "backspace": "\x7f"}
_NAMES = {"\n": "enter", " ": "space", "\t": "tab"}


def key_event(key: str) -> events.Key:
    """Return the event of a key by Textual's name or by its character."""
    if len(key) == 1:
        return events.Key(_NAMES.get(key) or _character_to_key(key), "\r" if key == "\n" else key)
    return events.Key(key, _CHARACTERS.get(key))


def picture(app: TraderApp) -> str:
    """Return the cells of the screen as lines of text."""
    compositor = app.screen._compositor
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in compositor.render_strips())


@contextlib.asynccontextmanager
async def program(
    desk: Desk,
    size: tuple[int, int] = (120, 40),
    *,
    theme: str = "midnight",
    start: Sequence[str] = (),
    before: Callable[[TraderApp], None] = lambda app: None,
    **options: Any,
) -> AsyncIterator[Program]:
    """Run the program on a desk until the block ends; a desk of a real exchange is started with the symbols to ``start`` with."""

    async def opener(stack: contextlib.AsyncExitStack) -> tuple[Desk, Sequence[InstrumentId]]:
        stack.push_async_callback(desk.close)
        if start:
            await desk.start(start)
        return desk, [BTC, ETH]

    themes, problems = load_themes(shipped("themes"), None)
    assert not problems
    app = TraderApp(opener, themes=themes, theme=theme, fps=4.0, driver_class=None, **options)  # type: ignore[arg-type]
    before(app)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.trade_screen is not None and app.trade_screen.is_current)
        running = Program(app, pilot)
        await running.settle()
        yield running


async def until(pilot: Any, condition: Callable[[], bool], tries: int = 3000) -> None:
    """Give the event loop turns until something is so; fails when it never is."""
    for _ in range(tries):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never happened")
