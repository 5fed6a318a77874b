"""Themes: the colours of a TOML file, turned into styles by role and into what Textual's style sheets read.

Panes name roles (``gain``, ``own_bid``), a theme file names colours (``up``, ``own_order``), the table here joins the two.
A broken file is reported and left out: colours never keep a trader from the screen. Nothing is read at import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from rich.style import Style
from textual.theme import Theme as TextualTheme

from tui_trader.core.error import ConfigError
from tui_trader.core.sanitise import sanitise
from tui_trader.desk.toml_source import KeyPath, TomlSource, read_toml

SURFACES = {
    "background": "behind everything",
    "panel": "behind dialogs and the ticket",
    "header_bg": "behind the status line",
    "selection_bg": "behind the selected row",
    "bar_bid": "the size bar of a bid",
    "bar_ask": "the size bar of an ask",
    "flash": "behind a value that just changed",
}
"""Colours that text stands on."""

INKS = {
    "text": "ordinary text and numbers",
    "muted": "labels and what matters less",
    "accent": "titles, keys, what has the focus",
    "up": "buy, bid, profit",
    "down": "sell, ask, loss",
    "warning": "needs a look",
    "alarm": "needs a hand: naked position, unknown order, real money",
    "stale": "a number past its age",
    "own_order": "the trader's own orders in the ladder",
    "header_fg": "text of the status line",
    "selection_fg": "text of the selected row",
}
"""Colours of text."""

LINES = {"border": "frames and rules", "border_focus": "frame of the pane that has the focus"}
"""Colours of frames."""

COLORS = {**SURFACES, **INKS, **LINES}
"""Every colour of a theme file, with its meaning; all are required."""

ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")

ANSI = (
    *("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"),
    *("bright_black", "bright_red", "bright_green", "bright_yellow"),
    *("bright_blue", "bright_magenta", "bright_cyan", "bright_white"),
)
"""Names of the terminal's own sixteen colours; ``default`` is the terminal's own foreground or background."""

MAX_WORDS = 160
"""Characters of a title or a description that are shown."""

DEFAULT_THEME = "midnight"

_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z", re.ASCII)


class Look(NamedTuple):
    """How a role is drawn, in colours of the theme file."""

    ink: str
    surface: str = ""
    """Empty leaves the background to what is drawn on."""
    extra: str = ""
    """Attributes that the role always has."""


ROLES: dict[str, Look] = {
    **{ink: Look(ink) for ink in INKS},
    **{line: Look(line) for line in LINES},
    "dim": Look("muted"),
    **dict.fromkeys(("symbol", "price", "mark", "key"), Look("text")),
    **dict.fromkeys(("bid", "buy", "gain", "good"), Look("up")),
    **dict.fromkeys(("ask", "sell", "loss"), Look("down")),
    **dict.fromkeys(("own", "own_bid", "own_ask"), Look("own_order")),
    **dict.fromkeys(("warn", "pending"), Look("warning")),
    "rule": Look("border"),
    "title": Look("accent", extra="bold"),
    "header": Look("muted", extra="bold"),
    "last": Look("text", extra="bold"),
    "bid_bar": Look("up", "bar_bid"),
    "ask_bar": Look("down", "bar_ask"),
    "cursor": Look("selection_fg", "selection_bg"),
    "cursor_mark": Look("accent", extra="bold"),
    "status": Look("header_fg", "header_bg"),
    "flash": Look("text", "flash"),
    "safe": Look("header_fg", "header_bg"),
    "armed": Look("warning", extra="bold reverse"),
    "mode_live": Look("alarm", extra="bold reverse"),
    "mode_test": Look("warning", extra="bold reverse"),
    "mode_custom": Look("warning", extra="bold reverse"),
    "mode_replay": Look("accent", extra="bold reverse"),
    "rec": Look("alarm", extra="bold"),
    "mode_sim": Look("accent", extra="bold reverse"),
    "account_1": Look("accent", extra="bold"),
    "account_2": Look("own_order", extra="bold"),
    "account_3": Look("warning", extra="bold"),
    "account_4": Look("text", extra="bold underline"),
}
"""Every role a pane may name."""


@dataclass(frozen=True)
class Theme:
    """One set of colours. Immutable; styles are made once."""

    name: str
    title: str
    dark: bool
    description: str
    colors: Mapping[str, str]
    """By the names of COLORS: ``#rrggbb``, a name of ANSI, or ``default``."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """By the names of COLORS: words of ATTRIBUTES, separated by blanks."""

    def style(self, role: str, *, bold: bool = False, reverse: bool = False, on: str = "") -> Style:
        """Return the style of a role, perhaps emphasised, perhaps ``on`` a surface. Raises KeyError for an unknown role."""
        style = self._styles[role]
        if on:
            style = style + Style(bgcolor=self.colors[on])
        if bold or reverse:
            style = style + Style(bold=bold or None, reverse=reverse or None)
        return style

    @cached_property
    def _styles(self) -> dict[str, Style]:
        return {role: self._make(look) for role, look in ROLES.items()}

    def _make(self, look: Look) -> Style:
        words = " ".join((look.extra, self.attributes.get(look.ink, ""), self.attributes.get(look.surface, ""))).split()
        surface = self.colors[look.surface] if look.surface else None
        return Style(color=self.colors[look.ink], bgcolor=surface) + Style.parse(" ".join(words))

    def with_up(self, red: bool) -> Theme:
        """Return the theme with up and down exchanged when ``red`` (East Asian markets), bars and attributes included."""
        if not red:
            return self
        swap = {"up": "down", "down": "up", "bar_bid": "bar_ask", "bar_ask": "bar_bid"}
        colors = {name: self.colors[swap.get(name, name)] for name in self.colors}
        attributes = {swap.get(name, name): words for name, words in self.attributes.items()}
        return replace(self, colors=colors, attributes=attributes)

    @property
    def uses_terminal_colors(self) -> bool:
        """Whether some colour is the terminal's own, so that its contrast cannot be known."""
        return any(not color.startswith("#") for color in self.colors.values())

    def contrast(self, ink: str, surface: str = "background") -> float | None:
        """Return the WCAG 2 contrast ratio of two colours, 1 to 21; None when one is the terminal's own."""
        first, second = self.colors[ink], self.colors[surface]
        if not first.startswith("#") or not second.startswith("#"):
            return None
        low, high = sorted((luminance(first), luminance(second)))
        return (high + 0.05) / (low + 0.05)

    def css_variables(self) -> dict[str, str]:
        """Return every colour as style sheets call it, ``role-own-order``.

        An app returns them from ``get_theme_variable_defaults``, because style sheets are read before a theme is chosen.
        """
        return {f"role-{name.replace('_', '-')}": _css(value) for name, value in self.colors.items()}

    def to_textual(self) -> TextualTheme:
        """Return the theme for ``App.register_theme``; style sheets find every colour by the names of ``css_variables``."""
        color = {name: _css(value) for name, value in self.colors.items()}
        return TextualTheme(
            name=self.name,
            primary=color["accent"],
            secondary=color["muted"],
            accent=color["accent"],
            foreground=color["text"],
            background=color["background"],
            surface=color["background"],
            panel=color["panel"],
            boost=color["panel"],
            success=color["up"],
            warning=color["warning"],
            error=color["alarm"],
            dark=self.dark,
            ansi=self.uses_terminal_colors,
            text_alpha=1.0,
            variables={
                **self.css_variables(),
                "ansi-background": color["background"],
                "ansi-foreground": color["text"],
                "border": color["border_focus"],
                "border-blurred": color["border"],
                "block-cursor-foreground": color["selection_fg"],
                "block-cursor-background": color["selection_bg"],
                "input-cursor-foreground": color["background"],
                "input-cursor-background": color["text"],
                "input-selection-background": color["selection_bg"],
                "footer-foreground": color["header_fg"],
                "footer-background": color["header_bg"],
                "scrollbar": color["border"],
                "scrollbar-background": color["background"],
            },
        )


def _css(color: str) -> str:
    return color if color.startswith("#") else f"ansi_{color}"


def luminance(color: str) -> float:
    """Return the relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2.2)."""
    channels = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def load_themes(shipped_dir: Path, user_dir: Path | None) -> tuple[dict[str, Theme], list[str]]:
    """Return the themes by name and what was wrong with files: shipped ones first, then the user's, which replace namesakes.

    A problem is ``file:line:column: what is wrong``; its file is left out, whatever else is in it.
    """
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for directory in (shipped_dir, user_dir):
        try:
            files = sorted(directory.glob("*.toml")) if directory is not None and directory.is_dir() else []
        except OSError as error:
            problems.append(f"{directory}: cannot be read: {error.strerror}")
            continue
        for file in files:
            try:
                theme = parse_theme(read_toml(file), file.stem)
            except ConfigError as error:
                problems += error.problems
            else:
                themes[theme.name] = theme
    return themes, problems


def parse_theme(source: TomlSource, stem: str) -> Theme:
    """Return the theme in a parsed file whose name without ending is ``stem``. Raises ConfigError with every problem."""
    reading = _ThemeFile(source)
    theme = Theme(
        name=reading.text("name", stem),
        title=reading.text("title", stem),
        dark=reading.flag("dark"),
        description=reading.text("description", ""),
        colors=reading.colors(),
        attributes=reading.attributes(),
    )
    reading.no_others()
    if not _NAME.match(theme.name):
        reading.complain(("theme", "name"), "[theme] name: must be 1 to 32 small letters, digits, - and _", value=True)
    if reading.problems:
        raise ConfigError(reading.problems)
    return theme


class _ThemeFile:
    """Reads the three sections of a theme file and collects what is wrong."""

    _KEYS: Mapping[str, tuple[str, ...]] = {
        "theme": ("name", "title", "dark", "description"),
        "colors": tuple(COLORS),
        "attributes": tuple(COLORS),
    }

    def __init__(self, source: TomlSource) -> None:
        self._source = source
        self.problems: list[str] = []

    def complain(self, path: KeyPath, fault: str, *, value: bool = False) -> None:
        """Note a problem at a key, or at its value."""
        self.problems.append(f"{self._source.value_at(path) if value else self._source.key_at(path)}: {fault}")

    def text(self, key: str, default: str) -> str:
        value = self._section("theme").get(key, default)
        if isinstance(value, str):
            return sanitise(value, MAX_WORDS)
        self.complain(("theme", key), f"[theme] {key}: must be text in quotes", value=True)
        return default

    def flag(self, key: str) -> bool:
        value = self._section("theme").get(key, True)
        if not isinstance(value, bool):
            self.complain(("theme", key), f"[theme] {key}: must be true or false", value=True)
        return value is True

    def colors(self) -> dict[str, str]:
        given = self._section("colors")
        missing = [name for name in COLORS if name not in given]
        if missing:
            self.complain(("colors",), f"[colors]: without {', '.join(missing)}")
        for name in COLORS:
            value = given.get(name, "default")
            if not isinstance(value, str) or not (_HEX.match(value) or value in ANSI or value == "default"):
                fault = 'must be "#rrggbb", "default" or the name of a terminal colour like "bright_red"'
                self.complain(("colors", name), f"[colors] {name}: {fault}", value=True)
        return {name: str(given.get(name, "default")).lower() for name in COLORS}

    def attributes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in self._section("attributes").items():
            if name not in COLORS:
                continue
            if isinstance(value, str) and all(word in ATTRIBUTES for word in value.split()):
                found[name] = value
            else:
                self.complain(
                    ("attributes", name), f"[attributes] {name}: must be words out of {', '.join(ATTRIBUTES)}", value=True
                )
        return found

    def no_others(self) -> None:
        for section, value in self._source.tree.items():
            if section not in self._KEYS:
                self.complain((section,), f"[{sanitise(section)}]: unknown section{_hint(section, self._KEYS)}")
                continue
            for name in value if isinstance(value, dict) else ():
                if name not in self._KEYS[section]:
                    hint = _hint(name, self._KEYS[section])
                    self.complain((section, name), f"[{section}] {sanitise(name)}: unknown key{hint}")

    def _section(self, name: str) -> Mapping[str, object]:
        value = self._source.tree.get(name, {})
        if isinstance(value, dict):
            return value
        fault = f"{self._source.key_at((name,))}: {name}: must be a section"
        if fault not in self.problems:
            self.problems.append(fault)
        return {}


def _hint(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    near = get_close_matches(name[:80], tuple(known), n=1, cutoff=0.5)
    return f'; did you mean "{near[0]}"?' if near else ""
