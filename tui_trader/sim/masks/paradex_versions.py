"""The versions of Paradex's binary encoding: what a frame of the newest loses when a connection has asked for an older one.

Frames are written once, as version 3 has them. Later versions only append, to a block and behind the strings, so that an older
frame is the same one cut shorter; its header bears the version that was asked for. Sources: schema ``paradex_1_0.xml`` (1:2,
September 2026: what is marked ``sinceVersion``); for 1:3, which adds ``settlementTwapEstimate`` to the summary, the layout that
ccxt 4.5.90 reads: a schema of it was not published where we could read it.
"""

from __future__ import annotations

import struct
from typing import Final

NEWEST: Final = 3
VERSIONS: Final = frozenset({0, 1, 2, NEWEST})
"""What this exchange serves, unless it is told to serve less; any other is refused."""

_BLOCKS: Final = {
    4: (216, 240, 240, 248),
    5: (58, 66, 66, 66),
    20: (126, 126, 128, 128),
    21: (107, 107, 116, 116),
    23: (113, 113, 121, 121),
}
"""Bytes of a block by version, of the templates whose block has grown."""

_TEXTS: Final = {1: (1, 1, 2, 2), 20: (4, 4, 6, 6), 21: (5, 5, 6, 6)}
"""Strings behind a block by version, of the templates that were given more."""


def fitted(frame: bytes, version: int) -> bytes:
    """Return a frame of the newest version as a connection that asked for ``version`` reads it."""
    if version == NEWEST:
        return frame
    block, template, schema, _ = struct.unpack_from("<HHHH", frame)
    end = len(frame)
    if texts := _TEXTS.get(template):
        end = 8 + block
        for _ in range(texts[version]):
            end += 1 + frame[end]
    kept = _BLOCKS[template][version] if template in _BLOCKS else block
    return struct.pack("<HHHH", kept, template, schema, version) + frame[8 : 8 + kept] + frame[8 + block : end]
