"""Commands about the screen alone: colours, panes, help, keys. Nothing of it reaches the desk."""

from __future__ import annotations

from tui_trader.core import command as c
from tui_trader.core.command import Command
from tui_trader.core.error import CommandError
from tui_trader.core.language.guide import explain_word
from tui_trader.ui.performers.bench import Bench


class OnScreen:
    """Does what needs no desk."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def perform(self, command: Command) -> bool:
        """Do what concerns the screen; False when the desk has to do it. Raises CommandError."""
        bench, surface = self._bench, self._bench.surface
        match command:
            case c.UseTheme(name):
                self._theme(name)
            case c.UseLayout(name):
                surface.say(bench.layout(name))
            case c.Quit():
                bench.quit()
            case c.ShowHelp(topic):
                self._help(topic)
            case c.ShowKeys():
                surface.open_help("keys")
            case c.ShowLog():
                surface.focus_log()
            case c.GroupPrices(step):
                surface.say(bench.grouping(step))
            case c.FilterTape(least, quote):
                surface.say(bench.sifting(least, quote))
            case c.Arm(seconds):
                bench.arm(seconds)
            case c.BindKey(key, line) if line:
                self._free(key)
                return False
            case _:
                return False
        return True

    def _theme(self, name: str) -> None:
        try:
            self._bench.surface.use_theme(name)
        except CommandError as error:
            if name:
                raise
            self._bench.surface.say(f"themes: {error.fix}")

    def _help(self, topic: str) -> None:
        """Say the line about a word, or open the keys that work here."""
        if topic and (found := explain_word(topic)):
            self._bench.surface.say(found)
        else:
            self._bench.surface.open_help(topic)

    def _free(self, key: str) -> None:
        """Raise CommandError when a key does something already."""
        does = self._bench.key_does(key)
        if does:
            raise CommandError(f"{key} is taken: {does}", fix="a key that does nothing: keys lists them all")
