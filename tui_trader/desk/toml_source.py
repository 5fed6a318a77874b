"""A TOML file read with the place of every key and value, so that a complaint can name line and column.

``tomllib`` decides what the text means; this only finds where each part of it stands. It must not know what keys exist.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from tui_trader.core.error import ConfigError

MAX_BYTES = 1_000_000
"""A larger file is refused unread: a configuration has a few kilobytes."""

KeyPath = tuple[str, ...]
"""Names from the root of the document down; the elements of an array are named by their index."""

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_MOST_DOTS = 64
"""A key of more parts is refused: ``tomllib`` takes time and memory by the square of their number."""

_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"
_PLAIN_WORDS = {
    "Cannot overwrite a value": "this key is given twice",
    "Invalid statement": "this is not a TOML statement (key = value, or [section])",
    "Invalid value": "this is not a TOML value (text needs quotes)",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key and its value begin; lines and columns count from one, columns in characters."""

    line: int
    column: int
    value_line: int
    value_column: int


@dataclass(frozen=True, slots=True)
class TomlSource:
    """A parsed document and the places of its parts."""

    name: str
    """The file as the user named it; every problem starts with it."""
    tree: Mapping[str, Any] = field(default_factory=dict)
    """What ``tomllib`` read; fractions are exact ``Decimal``."""
    places: Mapping[KeyPath, Place] = field(default_factory=dict)

    def key_at(self, path: KeyPath) -> str:
        """Return ``file:line:column`` of a key, or of the nearest key above it."""
        place = self._place(path)
        return f"{self.name}:{place.line}:{place.column}" if place else self.name

    def value_at(self, path: KeyPath) -> str:
        """Return ``file:line:column`` of a value, or of the nearest one above it."""
        place = self._place(path)
        return f"{self.name}:{place.value_line}:{place.value_column}" if place else self.name

    def order(self, path: KeyPath) -> tuple[int, int]:
        """Return line and column of a key, for sorting."""
        place = self._place(path)
        return (place.line, place.column) if place else (0, 0)

    def line_of(self, path: KeyPath) -> int:
        """Return the line of a key; 0 when it has none."""
        place = self._place(path)
        return place.line if place else 0

    def _place(self, path: KeyPath) -> Place | None:
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path)


def read_toml(path: Path) -> TomlSource:
    """Read and parse one file. Raises ConfigError with one problem when it is not a readable, private, small TOML file."""
    return parse_toml(_read(path), str(path))


def parse_toml(raw: bytes, name: str) -> TomlSource:
    """Parse the bytes of a document called ``name``. Raises ConfigError with one problem, with its line and column."""
    if raw.startswith(b"\xef\xbb\xbf"):
        raise ConfigError([f"{name}:1:1: starts with a byte order mark; save the file as UTF-8 without one"])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        good = raw[: error.start].decode("utf-8")
        line, column = good.count("\n") + 1, len(good) - (good.rfind("\n") + 1) + 1
        raise ConfigError([f"{name}:{line}:{column}: is not UTF-8 (byte 0x{raw[error.start]:02x})"]) from None
    text = text.replace("\r\n", "\n")
    for number, row in enumerate(text.split("\n"), start=1):
        if max(piece.count(".") for piece in row.split("=")) > _MOST_DOTS and not row.lstrip().startswith("#"):
            raise ConfigError([f"{name}:{number}:1: is nested too deeply"])
    try:
        tree = tomllib.loads(text, parse_float=_fraction)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_explain(name, text, str(error))]) from None
    except RecursionError:
        raise ConfigError([f"{name}:1:1: is nested too deeply"]) from None
    except ValueError:  # Python refuses to read integers of more than 4300 digits
        raise ConfigError([f"{name}:1:1: holds a number with too many digits"]) from None
    return TomlSource(name, tree, _Scan(text).places)


def _read(path: Path) -> bytes:
    try:
        # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        hint = "; variables are not expanded in paths" if "$" in str(path) else ""
        raise ConfigError([f"{path}: no such file{hint}"]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError([f"{path}: cannot be read: {reason}"]) from None
    try:
        fault = _distrust(os.fstat(descriptor))
        if fault:
            raise ConfigError([f"{path}: {fault}"])
        raw = b""
        while len(raw) <= MAX_BYTES and (chunk := os.read(descriptor, MAX_BYTES + 1 - len(raw))):
            raw += chunk
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    finally:
        os.close(descriptor)
    if len(raw) > MAX_BYTES:
        raise ConfigError([f"{path}: is larger than {MAX_BYTES:,} bytes, which no configuration is"])
    return raw


def _distrust(facts: os.stat_result) -> str:
    """Return why a file is not to be read; empty when it may be."""
    if not stat.S_ISREG(facts.st_mode):
        return "is a directory" if stat.S_ISDIR(facts.st_mode) else "is not a regular file"
    if facts.st_uid not in (os.geteuid(), 0):
        return "belongs to another user, who could change your limits and addresses"
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "may be written to by other users, who could change your limits; run chmod go-w on it"
    return ""


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent past what even Decimal holds
        return Decimal("NaN")


def _explain(name: str, text: str, message: str) -> str:
    """Turn a message of ``tomllib`` into ``file:line:column: what is wrong``."""
    found = _AT_LINE.search(message)
    if found:
        line, column = int(found[1]), int(found[2])
        message = message[: found.start()]
    else:
        line = text.count("\n") + 1
        column = len(text) - (text.rfind("\n") + 1) + 1
        message = message.removesuffix(_AT_END) + ": the file ends here"
    if message.startswith("Cannot overwrite a value"):
        message = "Cannot overwrite a value"
    if message.startswith("Cannot declare"):
        message = "this section is given twice"
    return f"{name}:{line}:{column}: {_PLAIN_WORDS.get(message, message)}"


class _Scan:
    """One walk over text that ``tomllib`` has accepted: it may therefore assume valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(i + 1 for i, char in enumerate(text) if char == "\n")]
        self.places: dict[KeyPath, Place] = {}
        self._document()

    def _document(self) -> None:
        section: KeyPath = ()
        self._blank()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                while self._text[self._at] == "[":
                    self._at += 1
                self._spaces()
                begin = self._at
                section = self._key()
                self._register((), section, begin, begin)
                while self._at < len(self._text) and self._text[self._at] in " \t]":
                    self._at += 1
            else:
                self._pair(section)
            self._blank()

    def _pair(self, prefix: KeyPath) -> None:
        begin = self._at
        key = self._key()
        self._at += 1  # "="
        self._spaces()
        self._register(prefix, key, begin, self._at)
        self._value(prefix + key)

    def _key(self) -> KeyPath:
        parts: list[str] = []
        while True:
            begin = self._at
            if self._text[begin] in "\"'":
                self._string()
                parts.append(tomllib.loads(f"k = {self._text[begin : self._at]}")["k"])
            else:
                bare = _BARE.match(self._text, begin)
                assert bare, "tomllib accepted a key that this does not"
                self._at = bare.end()
                parts.append(bare[0])
            self._spaces()
            if self._at >= len(self._text) or self._text[self._at] != ".":
                return tuple(parts)
            self._at += 1
            self._spaces()

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at]
        if opening in "\"'":
            self._string()
        elif opening in "[{":
            self._at += 1
            index = 0
            self._blank()
            while self._text[self._at] not in "]}":
                if opening == "[":
                    self._register(path, (str(index),), self._at, self._at)
                    self._value((*path, str(index)))
                    index += 1
                else:
                    self._pair(path)
                self._blank()
                if self._text[self._at] == ",":
                    self._at += 1
                    self._blank()
            self._at += 1
        else:
            scalar = _SCALAR.match(self._text, self._at)
            assert scalar
            self._at = scalar.end()

    def _string(self) -> None:
        quote = self._text[self._at]
        if self._text.startswith(quote * 3, self._at):
            self._at += 3
            while not self._text.startswith(quote * 3, self._at):
                self._at += 2 if quote == '"' and self._text[self._at] == "\\" else 1
            self._at += 3
            for _ in range(2):  # up to two quotes may stand directly before the closing three
                if self._text.startswith(quote, self._at):
                    self._at += 1
            return
        self._at += 1
        while self._text[self._at] != quote:
            self._at += 2 if quote == '"' and self._text[self._at] == "\\" else 1
        self._at += 1

    def _register(self, prefix: KeyPath, key: KeyPath, begin: int, value: int) -> None:
        line, column = self._position(begin)
        value_line, value_column = self._position(value)
        place = Place(line, column, value_line, value_column)
        for length in range(1, len(key) + 1):
            self.places.setdefault(prefix + key[:length], place)

    def _position(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def _blank(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        assert blank
        self._at = blank.end()

    def _spaces(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in " \t":
            self._at += 1
