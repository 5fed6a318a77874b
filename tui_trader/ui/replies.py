"""Control strings that a terminal sends (colours, clipboards, capabilities), dropped before they are parsed.

The program asks for none of them, and its parser knows none: each of their bytes would be a key, and the BEL that ends many
is the panic key. Bytes in, bytes out; keys are never held back.
"""

from __future__ import annotations

import re
from typing import Final

MOST: Final = 65_536
"""Bytes after which a string that does not end is taken for lost, and keys are keys again."""

_START: Final = re.compile(rb"\x1b(?:\]\d{1,4};|P[\d;>]*[|+$!]|_G)")
"""OSC with its number, DCS with its introducer, APC of a picture: what no finger types, unlike Alt and a bracket alone."""

_END: Final = re.compile(rb"\x07|\x1b\\?")


class ReplyCut:
    """Passes on what a terminal sends without control strings, also those that come in several reads."""

    def __init__(self) -> None:
        self._left = 0
        """Bytes of the string under way that may still be dropped; 0 outside of one."""

    def forget(self) -> None:
        """Take the string under way for ended."""
        self._left = 0

    def feed(self, data: bytes) -> bytes:
        """Return what of ``data`` is to be read."""
        passed = b""
        while data:
            if self._left:
                end = _END.search(data, 0, self._left)
                data, self._left = (data[end.end() :], 0) if end else (data[self._left :], max(0, self._left - len(data)))
                continue
            start = _START.search(data)
            if start is None:
                return passed + data
            passed += data[: start.start()]
            data, self._left = data[start.end() :], MOST
        return passed
