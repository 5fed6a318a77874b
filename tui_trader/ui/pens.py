"""Pens: numbered text styles, and the shortest escape sequence that turns one into another.

A pen is what a terminal remembers between two characters (attributes, colours, link). It knows nothing of cells, widgets or
of where anything is drawn; styles that look the same are the same pen, whatever else they carry. Colours that only change places
may be held reversed: what is seen is the same, and "reverse" is 4 bytes where two colours are 33.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.color import Color, ColorSystem
from rich.style import Style

DEFAULT = 0
"""The pen of a terminal after reset: default colours, no attribute."""

BLANK = 0x80000
"""Added to a pen: as good as that pen for blanks, of which the background alone is seen."""

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
_MAX_ORDERS = 4096

_REVERSE = "7"
_UNSEEN = frozenset({"1", "2", "3", _REVERSE})
"""Attributes that put nothing into a blank."""

_KEPT_REVERSED = frozenset({"1", "3"})
"""Attributes that look the same when colours are held reversed; dim and lines under or through the text need not."""

_EXACT = ("38;2;", "38;5;"), ("48;2;", "48;5;")
"""Colours that terminals draw alike in front and behind; of the sixteen, some brighten the front where it is bold."""


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
        self.linked = False
        """Whether any pen had a link, which a terminal need not keep with the place of its cursor."""
        self._ids: dict[Pen, int] = {blank: DEFAULT}
        self._styles: dict[Style, int] = {}
        self._reversed: dict[int, int] = {}
        """What each pen is when it is held reversed: itself where it may not be."""
        self._turns: dict[tuple[int | None, int], tuple[str, int]] = {}
        self._orders: dict[tuple[int | None, str, str], tuple[int, str]] = {}

    def of(self, style: Style | None) -> int:
        """Return the pen that draws ``style``; ``None`` is the default pen."""
        if style is None:
            return DEFAULT
        pen = self._styles.get(style)
        if pen is None:
            pen = self._resolve(style)
        return pen

    def turn(self, held: int | None, new: int) -> tuple[str, int]:
        """Return the shortest sequence to draw with pen ``new``, and the pen that the terminal holds then.

        ``held`` is the one it holds, as the last turn told, or ``None`` when that is not known; ``new`` may be one for blanks.
        """
        key = (held, new)
        found = self._turns.get(key)
        if found is None:
            found = self._turns[key] = self._turn(held, new)
        return found

    def order(self, held: int | None, inks: str, tail: str = "") -> tuple[int, str]:
        """Return the bytes of turns and an order of different pens, as characters, that keeps them few; ``tail`` comes last."""
        key = (held, inks, tail)
        found = self._orders.get(key)
        if found is None:
            if len(self._orders) >= _MAX_ORDERS:
                self._orders.clear()
            rest = [ord(ink) for ink in inks if ink not in tail]
            last = [ord(ink) for ink in tail]
            found = self._orders[key] = min(self._path(held, first, rest, last) for first in rest or last[:1])
        return found

    def _path(self, held: int | None, first: int, rest: list[int], last: list[int]) -> tuple[int, str]:
        """Begin with ``first``, take the nearest of ``rest`` each time, and end with ``last``."""
        cost, path = 0, ""
        left = list(rest)
        while len(path) < len(rest) + len(last):
            if not left:
                pen = last[len(path) - len(rest)]
            else:
                pen = min(left, key=lambda each: len(self.turn(held, each)[0])) if path else first
                left.remove(pen)
            text, held = self.turn(held, pen)
            cost += len(text)
            path += chr(pen)
        return cost, path

    def _turn(self, held: int | None, new: int) -> tuple[str, int]:
        if new >= BLANK:
            whole = self.turn(held, new - BLANK)
            if held is None:
                return whole
            grounds = [(_change(self._pens[held], ground), self._number(ground)) for ground in self._grounds(held, new - BLANK)]
            return min([whole, *grounds], key=lambda way: len(way[0]))
        pen = self._pens[new]
        if held is None:
            return _sgr(["0", *_codes(pen)]) + "\x1b]8;;\x1b\\" * bool(pen.link) + _link(pen.link), new
        old = self._pens[held]
        straight = _change(old, pen)
        mirror = self._mirror(new)
        if mirror != new:
            swapped = _change(old, self._pens[mirror])
            if len(swapped) < len(straight):
                return swapped, mirror
        return straight, new

    def _grounds(self, held: int, new: int) -> list[Pen]:
        """Return the pens next to the one that is held in which a blank looks as it does in ``new``."""
        old, wanted = self._pens[held], self._pens[new]
        if old.link or wanted.link or not _UNSEEN.issuperset(old.attributes) or not _UNSEEN.issuperset(wanted.attributes):
            return []
        if _REVERSE in wanted.attributes:
            return []
        plain = tuple(on for on in old.attributes if on != _REVERSE)
        found = [Pen(plain, old.foreground, wanted.background, "")]
        if wanted.background.startswith(_EXACT[1]) and _KEPT_REVERSED.issuperset(plain):
            turned = tuple(on for _, on, _ in _ATTRIBUTES if on in plain or on == _REVERSE)
            found.append(Pen(turned, f"38{wanted.background[2:]}", old.background, ""))
        return found

    def _mirror(self, number: int) -> int:
        """Return the pen that looks like this one with its colours held reversed, or this one where there is none."""
        found = self._reversed.get(number)
        if found is None:
            found, pen = number, self._pens[number]
            exact = pen.foreground.startswith(_EXACT[0]) and pen.background.startswith(_EXACT[1])
            if exact and not pen.link and _KEPT_REVERSED.issuperset(pen.attributes):
                front, behind = f"38{pen.background[2:]}", f"48{pen.foreground[2:]}"
                attributes = tuple(on for _, on, _ in _ATTRIBUTES if on in pen.attributes or on == _REVERSE)
                found = self._number(Pen(attributes, front, behind, ""))
            self._reversed[number] = found
        return found

    def _number(self, pen: Pen) -> int:
        found = self._ids.get(pen)
        if found is None:
            found = self._ids[pen] = len(self._pens)
            self._pens.append(pen)
            self.linked = self.linked or bool(pen.link)
        return found

    def _resolve(self, style: Style) -> int:
        if len(self._styles) >= _MAX_STYLES:  # styles may carry meta of their own (text selection): forget them, keep the pens
            self._styles.clear()
        attributes = tuple(on for name, on, _ in _ATTRIBUTES if getattr(style, name))
        pen = Pen(attributes, self._code(style.color, True), self._code(style.bgcolor, False), _safe_link(style.link))
        found = self._styles[style] = self._number(pen)
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
