"""Pastes cut to a length that a line could have: what follows in the middle of megabytes is dropped before it is parsed.

Bytes in, bytes out; it knows the brackets that a terminal puts around pasted text, and outside of them leaves it to ``replies``.
Nothing is ever held back there: a lone Esc is a key.
"""

from __future__ import annotations

from typing import Final

from .replies import ReplyCut

MOST: Final = 65_536
"""Bytes of a paste that are kept. The parser reads some 170 kB a second: the panic key must not wait a minute behind a paste."""

START: Final = b"\x1b[200~"
END: Final = b"\x1b[201~"

_OUTSIDE: Final = -1


class PasteCut:
    """Passes on what a terminal sends, without the far end of long pastes."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._left = _OUTSIDE
        """Bytes of the paste under way that may still pass."""
        self._tail = b""
        """The last bytes passed on outside of a paste: a bracket may be cut in two by a read."""
        self._replies = ReplyCut()
        self._held = b""
        """The last bytes of a paste: the end of its closing bracket may be still to come."""

    def feed(self, data: bytes) -> bytes:
        """Return what of ``data`` is to be read."""
        passed = bytearray()
        while data:
            if self._left == _OUTSIDE:
                seen = self._tail + data
                at = seen.find(START)
                if at < 0:
                    self._tail = seen[1 - len(START) :]
                    return bytes(passed + self._replies.feed(data))
                opened = at + len(START) - len(self._tail)
                begun = max(0, opened - len(START))
                passed += self._replies.feed(data[:begun]) + data[begun:opened]
                self._replies.forget()
                data, self._tail, self._left = data[opened:], b"", self._most
                continue
            data, self._held = self._held + data, b""
            at = data.find(END)
            text = data[:at] if at >= 0 else data[: 1 - len(END)]
            passed += text[: self._left]
            self._left -= min(self._left, len(text))
            if at < 0:
                self._held = data[len(text) :]
                return bytes(passed)
            passed += END
            data, self._left = data[at + len(END) :], _OUTSIDE
        return bytes(passed)
