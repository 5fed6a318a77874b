"""The default command: the terminal."""

from __future__ import annotations

import argparse
import gc
import sys
from typing import TYPE_CHECKING

from tui_trader.cli.options import add_connection
from tui_trader.core.error import UsageError

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from tui_trader.cli.keys_access import Access
    from tui_trader.core.types import InstrumentId
    from tui_trader.desk.config import Config
    from tui_trader.desk.desk import Desk
    from tui_trader.desk.desks import Opener
    from tui_trader.desk.playback import Playback
    from tui_trader.ui.app import TraderApp

NO_TERMINAL = (
    "tui-trader needs a terminal on standard output; without one use: "
    "instruments, book, positions, orders, fills, account, watch, do, replay, audit, sim, config"
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``tui``."""
    parser = subparsers.add_parser("tui", help="open the terminal (the default)", description="Open the terminal.")
    add_connection(parser)
    parser.add_argument("--theme", default=None, metavar="NAME", help="colours (see themes/)")
    parser.add_argument("--fps", default=None, metavar="N", help="most repaints a second")
    parser.add_argument("--symbol", default=None, metavar="NAME", help="instrument to show first")
    parser.add_argument("--market", default=None, metavar="FILE", help="let the built-in exchange replay a recording")
    parser.add_argument("--speed", default=None, metavar="N", help="how fast the built-in exchange's time passes")
    parser.add_argument(
        "--beside",
        action="append",
        default=None,
        metavar="VENUE[/NAME]",
        help="open another account beside the first one; may be given several times",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check what can be checked without the screen, then take the terminal."""
    if (code := take_terminal()) is not None:
        return code
    import os

    if args.market and not os.path.isfile(args.market):
        raise UsageError(f"--market {args.market}: no such file")

    from tui_trader.cli.beside import further, opener_of, prepare
    from tui_trader.cli.configure import configuration
    from tui_trader.cli.consent import ask_consent
    from tui_trader.cli.options import needs_key
    from tui_trader.desk.environment import Environment

    config = configuration(args)
    ask_consent(config, args)
    args.access = None
    if needs_key(args, config.settings.general.env):
        from tui_trader.cli.keys_access import look

        args.access = look(config, args, on_screen=True)
    others = [further(config, args, name) for name in config.settings.general.beside]
    for one in others:
        prepare(one)

    async def opener(stack: AsyncExitStack) -> tuple[Desk, list[InstrumentId]]:
        import os

        from tui_trader.cli.launch import open_desk, start_guardian, watched
        from tui_trader.desk.locations import Locations
        from tui_trader.storage.state_file import StateFile
        from tui_trader.ui.workspace import Shelf

        if args.access is not None:
            await unlock(app, args.access)
        for one in others:
            if one.args.access is not None:
                await unlock(app, one.args.access)
        desk = await open_desk(config, args, stack)
        symbols = watched(desk, config)
        app.shelf = Shelf(StateFile(Locations.find(os.environ).state_dir / "screen.json"))
        kept = app.shelf.now.symbol
        await desk.start(symbols, args.symbol or (kept if kept in symbols else None))
        if guardian := start_guardian(desk, config, stack):
            app.releases[desk] = guardian.release
        return desk, [desk.symbol(text) for text in symbols]

    app = terminal_app(config, opener)
    app.beside = [(one.name, opener_of(app, one)) for one in others]
    if config.settings.general.env is Environment.SIM:  # elsewhere keys and consent are asked for before the screen is taken
        app.more = lambda name: opener_of(app, further(config, args, name))
    app.run(mouse=config.settings.ui.mouse)
    return app.return_code or 0


def take_terminal() -> int | None:
    """Prepare for a screen; return an exit code when there is no terminal to draw on, having said so."""
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        sys.stderr.write(NO_TERMINAL + "\n")
        return 2
    import os

    if os.environ.get("TERM", "") in ("", "dumb"):
        sys.stderr.write(f"tui-trader: TERM={os.environ.get('TERM', '')} cannot place a cursor; try TERM=xterm-256color\n")
        return 2

    from tui_trader.cli.process import drop_switches

    drop_switches(os.environ)
    # Read by Textual when it is imported: its repaint timer adds up to one period to every key.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    # The thread that reads keys waits this long for the interpreter while a market is being read, and more than once for a key.
    sys.setswitchinterval(0.0005)
    # Five hundred modules make next to no garbage, and looking for it takes a twentieth of the way to the first paint; the app
    # begins to look once it has painted.
    gc.disable()
    return None


def terminal_app(config: Config, opener: Opener, *, playback: Playback | None = None) -> TraderApp:
    """Return the program as it is configured, its log opened."""
    import os

    from tui_trader.cli.log import start_log
    from tui_trader.desk.locations import Locations, private_dir, shipped
    from tui_trader.desk.settings import Borders, Keys
    from tui_trader.storage.line_history import LineHistory
    from tui_trader.ui.app import TraderApp, wants_ascii
    from tui_trader.ui.habits import Habits
    from tui_trader.ui.theme import load_themes

    places = Locations.find(os.environ)
    start_log(private_dir(places.log_dir))
    ui = config.settings.ui
    themes, problems = load_themes(shipped("themes"), places.themes_dir)
    over_ssh = bool(os.environ.get("SSH_CONNECTION"))
    actions = None
    if places.keymap_file.exists() or ui.keymap is not Keys.DEFAULT:  # else the table is read after the first paint
        from tui_trader.ui.keymaps import chosen

        actions = chosen(ui.keymap.value, places.keymap_file)
    red_up = ui.up_color.value == "red"
    app = TraderApp(
        opener,
        themes={name: theme.with_up(red_up) for name, theme in themes.items()},
        theme="mono" if os.environ.get("NO_COLOR") and config.source("ui.theme") == "default" else ui.theme,
        problems=problems,
        fps=float(ui.fps_ssh if over_ssh else ui.fps),
        ascii_only=ui.borders is Borders.ASCII or (ui.borders is Borders.AUTO and wants_ascii()),
        habits=Habits(confirm=ui.confirm, confirm_reverse=ui.confirm_reverse, arm_s=60 * ui.arm_minutes),
        ask_width=ui.borders is Borders.AUTO,
        actions=actions,
        on_hangup=config.settings.hangup.on_hangup,
        playback=playback,
    )
    if playback is None:
        app.lines = LineHistory(private_dir(places.state_dir) / places.lines_file.name)
    return app


async def unlock(app: TraderApp, access: Access) -> None:
    """Ask on the screen for what opens the account's key, if anything has to be asked; Esc goes on without."""
    from tui_trader.cli.keys_access import Wants
    from tui_trader.secrets.secret import Secret
    from tui_trader.venues.registry import load

    match access.wants:
        case None:
            return
        case Wants.PASSPHRASE:
            title = f"The key of {access.name.text} is in the vault."
            opened = await app.ask_secret(title, ["Passphrase of the vault"], lambda typed: access.unlock(Secret(typed[0])))
        case Wants.KEY:
            title = f"The key of {access.name.text}, for this session. It is kept in memory and never stored."
            opened = await app.ask_secret(title, list(load(access.name.venue).key_words), lambda typed: access.type_in(*typed))
    if not opened:
        access.go_without()
