"""What takes secrets out of text, in whatever form they got into it. It must not know who keeps a secret or who prints.

It is a net. The first guard is that nothing secret is handed to anything that prints: signed requests, their headers and the
frames of a login are never logged. What falls into the net are the values that were learned, as they are, in base64 at any
alignment, hexadecimal, url-encoded or escaped, whole or a good part of them; and what looks like a key, a signature, a token or
the frame of a login even though nobody said so.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from tui_trader.secrets.secret import announce

MARK: Final = "[redacted]"
"""What stands in place of a secret."""

SHORTEST: Final = 8
"""Characters of the shortest value that is looked for: shorter ones stand in ordinary words."""

BLOCK: Final = 8
"""A part of a secret of at least twice this length is recognised, wherever it was cut."""

MOST: Final = 64
"""Values that are remembered; a terminal has three or four, and a new one every few minutes where a venue lets in by tokens.
Above that the tokens learned first are forgotten: they ended by themselves long ago, and a key must not go before them."""

_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?")
_NAMED = re.compile(
    r"""(?ix)
    \b([\w-]{0,40}
    (?:signature|secret|passphrase|password|access[-_]?token|api[-_]?key|listen[-_]?key|authorization|cookie|jwt)
    [\w-]{0,40}
    ['"\\]{0,4}\s{0,4}[:=]\s{0,4}b?['"\\]{0,4}(?:(?:bearer|basic)\s+)?)
    ([^\s'"\\,;&)\]}]{8,})
    """
)
_LOGIN = re.compile(
    r"""(?ix)
    (\b[\w./]{0,40}auth['"\\]{1,4}\s*,\s*['"\\]{0,4}params['"\\]{0,4}\s*:\s*)
    (?:\[[^\]]*\]?|\{[^}]*\}?)
    """
)
_LOGIN_BEHIND = re.compile(
    r"""(?ix)
    (['"\\]params['"\\]{1,4}\s*:\s*)
    (?:\[[^\]]{0,4000}\]|\{[^}]{0,4000}\})
    (\s*,\s*['"\\]{1,4}method['"\\]{1,4}\s*:\s*['"\\]{1,4}[\w./]{0,40}auth\b)
    """
)
_RUN = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
_ORDER_ID = re.compile(r"(?:tt-[0-9a-f]{28}(?:[0-9a-f]{4})?|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\Z")
_WORD = re.compile(r"[A-Za-z]*[0-9]{0,4}\Z|[0-9]{1,10}\Z")
_HUMP = re.compile(r"[a-z][A-Z]")


class Redactor:
    """Remembers secrets and takes them out of text; what it prints of itself is how many it knows."""

    __slots__ = ("_blocks", "_blocks_any_case", "_known", "_wholes")

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[str, ...], tuple[tuple[str, int], ...]]] = {}
        """Each value with its forms; those in which letters may be large or small with their width."""
        self._wholes: tuple[str, ...] = ()
        """Every form of every value."""
        self._blocks: tuple[str, ...] = ()
        """Pieces one of which is in any text that holds a good part of a form."""
        self._blocks_any_case: tuple[str, ...] = ()
        """The same for the forms in which letters may be large or small, in small letters."""

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} values)"

    def __reduce__(self) -> str:
        raise TypeError("a redactor does not leave its process")

    def learn(self, *values: str) -> None:
        """Look for these values from now on. Those shorter than SHORTEST are not looked for."""
        fresh = [value for value in values if len(value) >= SHORTEST and value not in self._known]
        if not fresh:
            return
        for value in fresh:
            self._known[value] = (tuple(dict.fromkeys(_forms(value))), tuple(dict.fromkeys(_forms_any_case(value))))
        while len(self._known) > MOST:
            del self._known[next(filter(_JWT.match, self._known), next(iter(self._known)))]
        exact = dict.fromkeys(form for forms, _ in self._known.values() for form in forms)
        any_case = dict(form for _, forms in self._known.values() for form in forms)
        self._wholes = (*exact, *any_case)
        self._blocks = tuple(dict.fromkeys(block for form in exact for block in _pieces(form, 1)))
        self._blocks_any_case = tuple(dict.fromkeys(block for form, width in any_case.items() for block in _pieces(form, width)))

    def knows(self, text: str) -> bool:
        """Whether a learned value, or a good part of one, stands in ``text`` in any form."""
        if len(text) < SHORTEST:
            return False
        if any(block in text for block in self._blocks):
            return True
        if not self._blocks_any_case:
            return False
        small = _small(text)
        return any(block in small for block in self._blocks_any_case)

    def exact(self, text: str) -> str:
        """Take the learned values out of ``text`` and leave everything else, hashes and ids too, as it is."""
        if not self.knows(text):
            return text
        small = _small(text)
        spans = [span for block in self._blocks for span in self._around(text, block)]
        spans += [span for block in self._blocks_any_case for span in self._around(small, block)]
        return _without(text, spans)

    def clean(self, text: str) -> str:
        """Take out the learned values, and whatever looks like a key, a signature, a token or a login: for logs and screens."""
        text = self.exact(text)
        text = _JWT.sub(MARK, text)
        text = _LOGIN.sub(rf"\1{MARK}", text)
        text = _LOGIN_BEHIND.sub(rf"\1{MARK}\2", text)
        text = _NAMED.sub(lambda found: found[0] if MARK in found[2] else f"{found[1]}{MARK}", text)
        return _RUN.sub(lambda found: _judge(found[0]), text)

    def clean_bytes(self, data: bytes) -> bytes:
        """Take the learned values out of bytes; what is not UTF-8 stays as it is."""
        text = data.decode("utf-8", "surrogateescape")
        return self.exact(text).encode("utf-8", "surrogateescape") if self.knows(text) else data

    def clean_hex(self, sample: str) -> str:
        """Clean what hexadecimal says, as in the sample of an unreadable message; return hexadecimal."""
        try:
            text = bytes.fromhex(sample).decode("utf-8", "surrogateescape")
        except ValueError:
            return self.clean(sample)
        cleaned = self.clean(text)
        return sample if cleaned == text else cleaned.encode("utf-8", "surrogateescape").hex()

    def clean_tree(self, value: Any) -> Any:
        """Return a JSON value with the learned values taken out of every text in it, keys too; itself if there is none."""
        return self._clean_tree(value) if self.knows("\n".join(_texts(value))) else value

    def _clean_tree(self, value: Any) -> Any:
        match value:
            case str():
                return self.exact(value)
            case Mapping():
                return {self._clean_tree(key): self._clean_tree(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self._clean_tree(inner) for inner in value]
        return value

    def _around(self, text: str, block: str) -> Iterator[tuple[int, int]]:
        """Yield where the forms that hold ``block`` stand in ``text``, as much of them as is there."""
        forms = [form for form in self._wholes if block in form]
        start = text.find(block)
        while start >= 0:
            best = (start, start + len(block))
            for form in forms:
                at = form.find(block)
                while at >= 0:
                    left = _agree(reversed(form[:at]), reversed(text[:start]))
                    right = _agree(iter(form[at + len(block) :]), iter(text[start + len(block) :]))
                    best = (min(best[0], start - left), max(best[1], start + len(block) + right))
                    at = form.find(block, at + 1)
            yield best
            start = text.find(block, max(best[1], start + 1))


REDACTOR: Final = Redactor()
"""The one of this process: every Secret teaches it, whoever prints asks it."""


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for key, inner in value.items():
                yield from _texts(key)
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)


def _small(text: str) -> str:
    """Return ``text`` in small letters, each in its place."""
    small = text.lower()
    if len(small) != len(text):  # a letter whose small form is two
        small = "".join(char.lower() if char.isascii() else char for char in text)
    return small


def _agree(one: Iterator[str], other: Iterator[str]) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    out: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if end <= done:
            continue
        if start > done or not out:
            out += [text[done:start], MARK]
        done = end
    return "".join((*out, text[done:]))


def _pieces(form: str, width: int) -> Iterator[str]:
    """Yield what to look for: a long form is recognised by any of its blocks, a short one as a whole.

    ``width`` is how many characters of the form stand for one of the value.
    """
    block = BLOCK * width
    if len(form) < 3 * block:
        yield form
        return
    for at in range(0, len(form) - block + 1, block):
        yield form[at : at + block]


def _forms(value: str) -> Iterator[str]:
    """Yield how a value may be written where large and small letters differ."""
    import json  # late: a start without a key needs none of it

    raw = value.encode("utf-8", "surrogatepass")
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1].replace("/", "\\/")
    yield repr(value)[1:-1]
    yield _in_html(value)
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield quoted
        yield re.sub("%..", lambda found: found[0].lower(), quoted)
    yield from _base64(raw)
    if (key := _decoded(value)) is not None:  # a secret that is base64 itself: the same key in the other alphabet
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(key).decode().rstrip("=")


def _in_html(value: str) -> str:
    """Return a value as HTML text spells it: five replacements, and no table of two thousand names as in the ``html`` package."""
    for letter, name in ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"):
        value = value.replace(letter, name)
    return value


def _forms_any_case(value: str) -> Iterator[tuple[str, int]]:
    """Yield how a value may be written where they do not, in small letters, with the characters that each byte takes."""
    raw = value.encode("utf-8", "surrogatepass")
    for data in (raw, _decoded(value)):
        if data:
            yield data.hex(), 2
            yield data.hex(" "), 3
            yield "".join(f"%{byte:02x}" for byte in data), 3
            yield "".join(f"\\x{byte:02x}" for byte in data), 4


def _base64(raw: bytes) -> Iterator[str]:
    """Yield the characters that are the same whatever stands before and after ``raw`` in what is encoded."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            text = encode(bytes(shift) + raw).decode().rstrip("=")
            start = (0, 2, 3)[shift]
            end = len(text) if (shift + len(raw)) % 3 == 0 else len(text) - 1
            if end - start >= SHORTEST:
                yield text[start:end]


def _decoded(value: str) -> bytes | None:
    if len(value) < 20 or not value.isascii():
        return None
    try:
        return base64.b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _judge(run: str) -> str:
    """Return what may be shown of a long run of letters and digits: names, paths and ids of orders, but nothing random."""
    if _ORDER_ID.match(run) or all(len(part) < 16 or _is_wording(part) for part in run.split("/")):
        return run
    return MARK


def _is_wording(part: str) -> bool:
    """Whether this is words, as names of functions and directories are: letters before digits, few humps."""
    return all(_WORD.match(word) and len(_HUMP.findall(word)) * 6 <= len(word) for word in re.split("[_=+-]+", part))


announce(REDACTOR.learn)  # last: secrets that live already are learned at once
