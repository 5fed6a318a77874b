"""The terminal program: paints at once, then opens the desk, then shows the trading screen; and leaves in bounded time.

It joins desk, frame pump, themes and signals. It must not decide anything about orders.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from tui_trader.core.error import CommandError, TraderError
from tui_trader.core.heap import give_back
from tui_trader.core.types import Severity
from tui_trader.desk.desks import Desks, Opener, Seat
from tui_trader.desk.settings import OnHangup
from tui_trader.net.tasks import TaskSet
from tui_trader.storage.line_history import LineHistory
from tui_trader.ui import crash
from tui_trader.ui.adapter import CellApp
from tui_trader.ui.frame import FramePump
from tui_trader.ui.habits import Habits
from tui_trader.ui.mask import MASK
from tui_trader.ui.panes.view import ASCII
from tui_trader.ui.screens.opening import OpeningScreen
from tui_trader.ui.signals import ExitBound, install_exit_handlers
from tui_trader.ui.terminal import TraderDriver
from tui_trader.ui.theme import DEFAULT_THEME, Theme

if TYPE_CHECKING:
    # Late where they are used: the first paint must not wait for what only trading needs.
    from tui_trader.core.event import Notice
    from tui_trader.desk.alerts import Firing
    from tui_trader.desk.desk import Desk
    from tui_trader.desk.playback import Playback
    from tui_trader.ui.accounts import Accounts
    from tui_trader.ui.action import Action
    from tui_trader.ui.screens.trade import TradeScreen
    from tui_trader.ui.screens.unlock import Try
    from tui_trader.ui.workspace import Shelf

GIVE_BACK_S = 0.5
"""After the screen of the account is there, what starting took and left in holes goes back to the system."""

GARBAGE = (700, 2, 500)
"""Thresholds of the garbage collector while the screen is used. The middle generation is looked through often and so in short
steps: Python's own ten let one take 4 to 7 ms. The old one, which takes tens, is looked through once in many minutes."""

CLOSE_S = 1.0
"""How long the desk may take to hang up when the program ends."""

CANCEL_S = 0.8
"""How long cancelling on a hang-up may take; with CLOSE_S inside the two seconds after which the process is ended."""

HANGUP = 129
"""Exit code after the terminal went away."""


class TraderApp(CellApp[int], inherit_bindings=False):
    """A desk for each account, and a trading screen for each desk."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "tui-trader"
    CSS = """
    Screen { background: $background; color: $foreground; }
    """
    # Before any text field sees them: the way out must work everywhere.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "press('ctrl+g')", show=False, priority=True),
        Binding("ctrl+c", "press('ctrl+c')", show=False, priority=True),
    ]

    def __init__(
        self,
        opener: Opener,
        *,
        themes: Mapping[str, Theme],
        theme: str = DEFAULT_THEME,
        problems: list[str] | None = None,
        fps: float | None = None,
        ascii_only: bool = False,
        habits: Habits | None = None,
        actions: tuple[Action, ...] | None = None,
        ask_width: bool = False,
        on_hangup: OnHangup = OnHangup.KEEP,
        driver_class: type[TraderDriver] | None = TraderDriver,
        playback: Playback | None = None,
    ) -> None:
        # With a ``playback`` the screen is that of a replay, and the opener returns its desk.
        # Before the base class, which reads the style sheets and with them the theme's colours.
        self.themes = dict(themes)
        self.look = self.themes.get(theme) or self.themes.get(DEFAULT_THEME) or next(iter(self.themes.values()))
        """The theme in force."""
        super().__init__(driver_class=driver_class)
        for each in self.themes.values():
            self.register_theme(each.to_textual())
        if not self.look.uses_terminal_colors:
            self._begin_dressed()
        self.animation_level = "none"
        self.ascii_only = ascii_only
        self._habits = habits or Habits()
        self._actions = actions
        self.shelf: Shelf | None = None
        """The trader's workspaces; set by the opener, which comes after the first paint."""
        self._on_hangup = on_hangup
        self.releases: dict[Desk, Callable[[], None]] = {}
        """Called when the program leaves and has done what it had to do with the orders of a desk."""
        self.beside: list[tuple[str, Opener]] = []
        """Accounts to be opened after the first one, by name."""
        self.more: Callable[[str], Opener] | None = None
        """Returns what opens an account that nobody asked for at the start; None where that is not offered."""
        self.lines = LineHistory(None)
        """The lines that were typed."""
        self._opener = opener
        self._playback = playback
        self._problems = list(problems or ())
        if theme not in self.themes:
            self._problems.append(f"there is no theme called {theme!r}; using {self.look.name}")
        self._fps = fps
        self._pump: FramePump | None = None
        self._stack = contextlib.AsyncExitStack()
        self._tasks = TaskSet(self._task_failed)
        self.desks = Desks(self._task_failed)
        """The open desks."""
        self._accounts: Accounts | None = None
        # Plain letters: the width of others is looked up in a table, which would have to be read before the first paint.
        self._opening = OpeningScreen("tui-trader: opening ...")
        self._leaving = False
        self._echoed: dict[Seat, Notice] = {}
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self._may_ask_width = ask_width and not ascii_only
        self._uninstall: Callable[[], None] = lambda: None

    # -- life ------------------------------------------------------------------------------------------------------

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give style sheets the colours of the theme before Textual has chosen one."""
        return {**super().get_theme_variable_defaults(), **self.look.css_variables()}

    def _begin_dressed(self) -> None:
        """Be in the theme before any style sheet is read: one that is chosen later has all of them read twice before the first
        paint. Not for the terminal's own colours, which only Textual's change of theme prepares for."""
        self.set_reactive(CellApp.theme, self.look.name)
        self.stylesheet.set_variables(self.get_css_variables())
        for name, on in (f"-theme-{self.look.name}", True), ("-dark-mode", self.look.dark), ("-light-mode", not self.look.dark):
            self.set_class(on, name, update=False)

    def get_default_screen(self) -> OpeningScreen:
        """Show progress first."""
        return self._opening

    async def on_mount(self) -> None:
        """Dress, take the signals, and open the desk behind the first paint."""
        self.theme = self.look.name
        self._event_loop = asyncio.get_running_loop()
        driver = self._driver
        if isinstance(driver, TraderDriver):
            if self.ascii_only:
                driver.model.stand_ins = ASCII
            self._uninstall = install_exit_handlers(asyncio.get_running_loop(), self.leave, restore=driver.emergency_restore)
            if self._may_ask_width:
                driver.ask_manners(self.draw_in_ascii)
        self.call_after_refresh(self.run_task, "open", self._open())

    async def _open(self) -> None:
        gc.enable()  # nobody looked for garbage before the first paint (see ``cli.tui.take_terminal``)
        try:
            desk, symbols = await self._opener(self._stack)
        except TraderError as error:
            self._opening.tell(f"{error.title}: {error.message}\n\n^C leaves")
            return
        from tui_trader.core.event import Notice
        from tui_trader.state.topic import MARKET
        from tui_trader.ui.accounts import Accounts

        self._accounts = Accounts(self, self.desks)
        gauge = self._driver if isinstance(self._driver, TraderDriver) else None
        self._pump = FramePump(self.desks, fps=self._fps, gauge=gauge, on_error=self._pane_failed, patient=MARKET)
        MASK.on = False
        for problem in self._problems:
            desk.absorb([Notice(problem, Severity.WARNING, desk.clock.wall_ns())])
        screen = self.seated(Seat(desk, symbols, self._stack.pop_all()))
        await self.push_screen(screen)
        self._pump.start()
        self.set_interval(1.0, self._tick)
        self._tick()
        # What has been made by now stays to the end: looking through it for garbage takes tenths of a second, in one step.
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        self.set_timer(GIVE_BACK_S, _put_by)
        self.accounts.more = self.more
        for name, opener in self.beside:
            self.accounts.begin(name, opener)

    def seated(self, seat: Seat) -> TradeScreen:
        """Take in a desk that is open, and make its screen."""
        from tui_trader.ui.actions import ACTIONS
        from tui_trader.ui.keymap import KeyMap
        from tui_trader.ui.screens.trade import TradeScreen

        desk, keymap = seat.desk, KeyMap(self._actions or ACTIONS)
        if self.desks.seats:
            desk.macros = self.desks.seats[0].desk.macros  # names and keys for lines are the trader's, not an account's
        desk.urgent = partial(self._urgent, seat)
        desk.crashed = partial(self._desk_failed, seat)
        desk.attention.alerts.on_fire.append(partial(self._alert, desk))
        if self._playback is not None:
            from tui_trader.ui.screens.replay import ReplayScreen

            screen: TradeScreen = ReplayScreen(self._playback, seat.symbols, keymap)
        else:
            screen = TradeScreen(desk, seat.symbols, keymap, self._habits, self.shelf, self.accounts)
        if seat not in self.desks.seats:
            self.desks.seat(seat)
        self.accounts.take(seat, screen)
        self.install_screen(screen, seat.name)
        return screen

    # -- accounts ------------------------------------------------------------------------------------------------------

    @property
    def accounts(self) -> Accounts:
        """The accounts of this program; they exist as soon as the first desk is open."""
        assert self._accounts is not None
        return self._accounts

    @property
    def trade_screens(self) -> list[TradeScreen]:
        """The trading screens of all accounts, the first account's first."""
        return list(self._accounts.screens.values()) if self._accounts is not None else []

    @property
    def desk(self) -> Desk | None:
        """The desk of the account on the screen; None until one is open."""
        return self.desks.active.desk if self.desks.seats else None

    def close_over(self, screen: TradeScreen) -> None:
        """Close whatever stands over a screen."""
        while self.screen is not screen and screen in self.screen_stack:
            self.pop_screen()

    def switch(self, screen: TradeScreen) -> None:
        """Show another account's screen in place of the one that is shown."""
        self.switch_screen(screen)

    async def ask_secret(self, title: str, fields: Sequence[str], attempt: Try) -> bool:
        """Ask for what opens the account, again until ``attempt`` takes it; False when the trader went on without."""
        from tui_trader.ui.screens.unlock import UnlockScreen

        future: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        await self.push_screen(UnlockScreen(title, fields, attempt), lambda opened: _settle(future, opened))
        return bool(await future)

    def leave(self, code: int, words: str = "") -> None:
        """End: hang up in bounded time, restore the terminal, leave ``words`` on it and exit with ``code``."""
        if self._leaving:
            return
        self._leaving = True
        self._tasks.spawn("leave", self._leave(code, words))

    async def _leave(self, code: int, words: str) -> None:
        if self._pump is not None:
            self._pump.stop()
        for screen in self.trade_screens[:1]:
            screen.workspaces.keep()  # what is kept is the first account's
        going = await asyncio.gather(*(self._let_go(seat.desk, code) for seat in self.desks.seats), return_exceptions=True)
        for failure in going:  # a bug at one account must not hold up the end
            if isinstance(failure, Exception):
                crash.record(failure)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await asyncio.gather(self.desks.close_all(), self._stack.aclose())
        self.exit(code, return_code=code, message=words or None)

    async def _let_go(self, desk: Desk, code: int) -> None:
        """Do with the orders of one account what a hang-up asks for; where that is done its guardian has nothing left to do."""
        done = True
        if code == HANGUP and self._on_hangup is OnHangup.CANCEL_ALL:
            done = False
            with contextlib.suppress(TimeoutError, TraderError):
                async with asyncio.timeout(CANCEL_S):
                    done = (await desk.cancel_everything()).startswith("verified: 0")
        if done:
            self.releases.get(desk, lambda: None)()

    async def on_unmount(self) -> None:
        """Hang up however the program ended."""
        if self._pump is not None:
            self._pump.stop()
        await self.desks.close_all()
        await self._stack.aclose()

    def may_sleep(self) -> bool:
        """Stay awake while anything is at stake: a program that is stopped neither sees fills nor answers the panic key."""
        stores = [seat.desk.store for seat in self.desks.seats]
        if not any(store.blotter.working() or store.open_positions() for store in stores):
            return True
        if self._event_loop is not None:
            words = "not suspended: orders or positions are open (q q leaves, tmux detaches)"
            self._event_loop.call_soon_threadsafe(self._say, words, Severity.WARNING)
        return False

    def terminal_gone(self) -> None:
        """The terminal no longer exists: leave as on a hang-up, bounded as then: keys that wait must not hold the end up."""
        if isinstance(self._driver, TraderDriver):
            ExitBound().start(HANGUP)
        self.leave(HANGUP)

    async def on_event(self, event: events.Event) -> None:
        """Let the trading screen act on a key before the next one is given to anybody: it may open the field the next one is for.

        Queued at the screen instead, the rest of a line that arrives in one read would be taken for keys that stage and send.
        """
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            self.app_focus = True  # gives a text field back the focus it had before the terminal lost its own
            screen = self.trade_screen
            shown = screen if screen is self.screen else None
            if shown is not None and shown.is_mounted and shown.focused is None and shown.take(event):
                return
        elif isinstance(event, events.AppBlur) and self.trade_screen is not None:
            # The terminal went to the background, or tmux was detached: whoever comes back may think of something else.
            self.trade_screen.trading.disarm("the terminal lost the focus")
        await super().on_event(event)

    # -- for the screen --------------------------------------------------------------------------------------------

    @property
    def pump(self) -> FramePump:
        """The frame clock; exists as soon as the desk is open."""
        assert self._pump is not None
        return self._pump

    def action_press(self, key: str) -> None:
        """Pass on a key that works everywhere."""
        screen = self.trade_screen
        if screen is not None:
            screen.press(key)
        elif key == "ctrl+c":
            self.leave(130)

    @property
    def trade_screen(self) -> TradeScreen | None:
        """The trading screen of the account that is shown, None until a desk is open."""
        return self.accounts.screen if self.trade_screens else None

    @property
    def display_delayed(self) -> bool:
        """Whether what the terminal shows may be older than a second or two."""
        return isinstance(self._driver, TraderDriver) and self._driver.behind

    def use_theme(self, name: str) -> None:
        """Change the colours of everything at once; raises CommandError naming the themes there are."""
        theme = self.themes.get(name.lower())
        if theme is None:
            raise CommandError(f"there is no theme called {name!r}", fix=", ".join(sorted(self.themes)))
        self.look = theme
        self.theme = theme.name
        for screen in self.trade_screens:
            screen.dress(theme)

    def draw_in_ascii(self) -> None:
        """Draw frames and bars in ASCII from now on: this terminal gives line characters two cells, and columns would shift."""
        self.ascii_only = True
        if isinstance(self._driver, TraderDriver):
            self._driver.model.stand_ins = ASCII
            self._driver.redraw()
            self.refresh(layout=True)
        words = "this terminal draws line characters two cells wide: frames are drawn in ASCII"
        if self.desk is None:
            self._problems.append(words)
        else:
            self._say(words, Severity.WARNING)
        for screen in self.trade_screens:
            for pane in screen.panes.values():
                pane.draw_in_ascii()

    def next_theme(self) -> None:
        """Walk through the themes in the order of their names."""
        names = sorted(self.themes)
        self.use_theme(names[(names.index(self.look.name) + 1) % len(names)])
        screen = self.trade_screen
        if screen is not None:
            screen.say(f"theme {self.look.name}: {self.look.description or self.look.title}")

    def run_task(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run something that waits; a trader's error is said, a bug is recorded, marked and said."""
        self._tasks.spawn(name, self._supervised(name, work), ahead=True)

    async def _supervised(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except TraderError as error:
            fix = getattr(error, "fix", "")
            self._say(f"{error.message}{f'  try: {fix}' if fix else ''}", Severity.WARNING)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        screen = self.trade_screen
        if screen is not None:
            screen.tick()
        if isinstance(self._driver, TraderDriver):
            self._driver.probe()

    def _urgent(self, seat: Seat) -> None:
        screen = self.trade_screen
        if screen is not None and screen.is_mounted:
            screen.tick()
            if seat is not self.desks.active:
                self._echo(seat)
        if self._pump is not None:
            self._pump.nudge()

    def _echo(self, seat: Seat) -> None:
        """Say here what an account that is not on the screen is alarmed about; its own log has everything."""
        notices = seat.desk.store.notices
        newest = notices[-1] if notices else None
        if newest is not None and newest.severity is Severity.ALARM and newest is not self._echoed.get(seat):
            self._echoed[seat] = newest
            self._say(f"{seat.name}: {newest.text}", Severity.ALARM)

    def _desk_failed(self, seat: Seat, name: str, error: BaseException) -> None:
        self._task_failed(name if seat is self.desks.seats[0] else f"{seat.name}: {name}", error)

    def _task_failed(self, name: str, error: BaseException) -> None:
        mark = crash.record(error)
        if self.desk is None:
            self._opening.tell(f"{name} failed: {type(error).__name__} (reference {mark})\n\n^C leaves")
        else:
            self._say(f"{name} failed: {type(error).__name__} (reference {mark} in the log)", Severity.ALARM)

    def _alert(self, desk: Desk, firing: Firing) -> None:
        """Let an alert be seen and heard: in the row of messages, by the bell, and on the desktop if it asks for that."""
        from tui_trader.ui.notify import BELL, notification

        self._say(firing.text if desk is self.desk else f"{desk.account.name}: {firing.text}", Severity.WARNING)
        if not isinstance(self._driver, TraderDriver):
            return
        terms = desk.attention.terms
        if terms.bell or firing.alert.bell:
            self._driver.write(BELL)
        if firing.alert.say:
            self._driver.write(notification(firing.text, terms.notify, passthrough=terms.tmux_passthrough))

    def _pane_failed(self, pane: Any, error: Exception) -> None:
        pane.fail(crash.record(error))

    def _say(self, text: str, severity: Severity) -> None:
        screen = self.trade_screen
        if screen is not None and screen.is_running:
            screen.say(text, severity)


def _put_by() -> None:
    """Take what the first paint of every pane made out of the collector's sight too, and give back what starting took."""
    gc.freeze()
    give_back()


def _settle(future: asyncio.Future[bool | None], opened: bool | None) -> None:
    if not future.done():
        future.set_result(opened)


def wants_ascii(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the locale cannot show box characters: the first of LC_ALL, LC_CTYPE and LANG that is set does not say UTF-8."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environ.get(name):
            return "utf" not in value.lower()
    return True
