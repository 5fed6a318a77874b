"""Pens: numbered text styles, and the shortest escape sequence that turns one into another.

A pen is what a terminal remembers between two characters (attributes, colours, link). It knows nothing of cells, widgets or
of where anything is drawn; styles that look the same are the same pen, whatever else they carry.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.color import Color, ColorSystem
from rich.style import Style

DEFAULT = 0
"""The pen of a terminal after reset: default colours, no attribute."""

_ATTRIBUTES: tuple[tuple[str, str, str], ...] = (
    ("bold", "1", "22"),
    ("dim", "2", "22"),
    ("italic", "3", "23"),
    ("underline", "4", "24"),
    ("blink", "5", "25"),
    ("blink2", "6", "25"),
    ("reverse", "7", "27"),
    ("conceal", "8", "28"),
    ("strike", "9", "29"),
    ("underline2", "21", "24"),
    ("frame", "51", "54"),
    ("encircle", "52", "54"),
    ("overline", "53", "55"),
)
_OFF = {on: off for _, on, off in _ATTRIBUTES}
_SYSTEMS: dict[str | None, ColorSystem | None] = {
    "truecolor": ColorSystem.TRUECOLOR,
    "256": ColorSystem.EIGHT_BIT,
    "standard": ColorSystem.STANDARD,
    "windows": ColorSystem.WINDOWS,
    None: None,
}
_MAX_STYLES = 8192


class Pen(NamedTuple):
    """One look: SGR codes by kind, and the target of a link."""

    attributes: tuple[str, ...]
    foreground: str
    background: str
    link: str


class Pens:
    """The table of pens for one colour system: ``"truecolor"``, ``"256"``, ``"standard"`` or ``None`` for no colour at all."""

    def __init__(self, color_system: str | None = "truecolor") -> None:
        self._system = _SYSTEMS[color_system]
        blank = Pen((), "", "", "")
        self._pens = [blank]
        self._ids: dict[Pen, int] = {blank: DEFAULT}
        self._styles: dict[Style, int] = {}
        self._changes: dict[tuple[int, int], str] = {}

    def of(self, style: Style | None) -> int:
        """Return the pen that draws ``style``; ``None`` is the default pen."""
        if style is None:
            return DEFAULT
        pen = self._styles.get(style)
        if pen is None:
            pen = self._resolve(style)
        return pen

    def change(self, old: int | None, new: int) -> str:
        """Return the shortest sequence from pen ``old`` to ``new``; ``None`` when the terminal's pen is not known."""
        if old is None:
            pen = self._pens[new]
            return _sgr(["0", *_codes(pen)]) + "\x1b]8;;\x1b\\" * bool(pen.link) + _link(pen.link)
        key = (old, new)
        found = self._changes.get(key)
        if found is None:
            found = self._changes[key] = _change(self._pens[old], self._pens[new])
        return found

    def _resolve(self, style: Style) -> int:
        if len(self._styles) >= _MAX_STYLES:  # styles may carry meta of their own (text selection): forget them, keep the pens
            self._styles.clear()
        attributes = tuple(on for name, on, _ in _ATTRIBUTES if getattr(style, name))
        pen = Pen(attributes, self._code(style.color, True), self._code(style.bgcolor, False), _safe_link(style.link))
        found = self._ids.get(pen)
        if found is None:
            found = self._ids[pen] = len(self._pens)
            self._pens.append(pen)
        self._styles[style] = found
        return found

    def _code(self, color: Color | None, foreground: bool) -> str:
        if color is None or color.is_default or self._system is None:
            return ""
        return ";".join(color.downgrade(self._system).get_ansi_codes(foreground))


def _safe_link(link: str | None) -> str:
    return link if link and link.isascii() and link.isprintable() else ""


def _codes(pen: Pen) -> list[str]:
    return [*pen.attributes, *(code for code in (pen.foreground, pen.background) if code)]


def _sgr(codes: list[str]) -> str:
    return f"\x1b[{';'.join(codes)}m" if codes != ["0"] else "\x1b[m"


def _link(target: str) -> str:
    return f"\x1b]8;;{target}\x1b\\" if target else ""


def _change(old: Pen, new: Pen) -> str:
    """Compare undoing what differs with a reset and everything anew; return the shorter."""
    gone = {_OFF[code] for code in old.attributes if code not in new.attributes}
    step = sorted(gone)
    step += [code for code in new.attributes if code not in old.attributes or _OFF[code] in gone]
    if old.foreground != new.foreground:
        step.append(new.foreground or "39")
    if old.background != new.background:
        step.append(new.background or "49")
    sgr = ""
    if step:
        sgr = min(_sgr(step), _sgr(["0", *_codes(new)]), key=len)
    if old.link != new.link:
        sgr += _link(new.link) or "\x1b]8;;\x1b\\"
    return sgr
