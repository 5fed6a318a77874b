"""Binary frames where text is spoken: the 8 classes of a binary encoding, as the one feed there is meets them.

No venue of this version speaks SBE. Until one does, a binary frame of any making is set aside and named, and changes nothing;
a decoder that comes later takes these samples with it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator

from tests.bad.row import Row, rng
from tests.bad.wire import FRAMES, Sent, raw

_BODY = struct.pack("<qqiH", 1_700_000_000_000_000_000, 5_000, -1, 2)


def frame(block: int = 22, template: int = 1, schema: int = 1, version: int = 1, groups: tuple[int, int] = (16, 2)) -> bytes:
    """Return a message with an SBE header: block length, template, schema, version; a block; one group of levels."""
    levels = struct.pack("<qq", 674_120, 2_300) * min(groups[1], 50)
    return struct.pack("<HHHH", block, template, schema, version) + _BODY + struct.pack("<HH", *groups) + levels


def _drawn(name: str, made: Iterator[bytes] | list[bytes]) -> list[Sent]:
    return [Sent(name, one, refused=True) for one in dict.fromkeys(made)]


_WHOLE = frame()
_dice = rng("binary")

ROWS: tuple[Row, ...] = tuple(
    Row(name, "PhemexFeed.receive, then Desk.absorb", "set aside, nothing taken", cases)
    for name, cases in (
        ("short header", _drawn("header", [_WHOLE[:n] for n in range(1, 31)])),
        ("block length 0/huge", _drawn("block", [frame(block=n) for n in (0, 1, 21, 23, 4096, 32767, 65534, 65535)])),
        ("group count 65535", _drawn("group", [frame(groups=(size, n)) for size in (0, 16, 65535) for n in (0, 1, 51, 65535)])),
        ("template unknown", _drawn("template", [frame(template=n) for n in (0, 2, 99, 1234, 65535)])),
        (
            "schema/version change",
            _drawn("schema", [frame(schema=s, version=v) for s in (0, 1, 2, 65535) for v in (0, 2, 255, 65535)]),
        ),
        (
            "text frame where binary expected and reverse",
            [
                *_drawn("reverse", [bytes(_dice.randrange(256) for _ in range(n)) or b"\x00" for n in (1, 2, 8, 64, 512, 4096)]),
                *(
                    Sent(kind, json.dumps(message).encode(code), refused=True)
                    for kind, message in FRAMES.items()
                    for code in ("utf-16", "utf-32")
                ),
                *(
                    Sent(kind, struct.pack("<I", len(raw(message))) + raw(message), refused=True)
                    for kind, message in FRAMES.items()
                ),
            ],
        ),
        (
            "null sentinels",
            _drawn(
                "null",
                [
                    frame().replace(_BODY, struct.pack("<qqiH", *v))
                    for v in ((-(2**63), -(2**63), -(2**31), 65535), (2**63 - 1, 2**63 - 1, 2**31 - 1, 0))
                ],
            ),
        ),
        (
            "exponent out of range",
            _drawn(
                "exponent",
                [frame().replace(struct.pack("<i", -1), struct.pack("<i", n)) for n in (-128, 127, 63, -64, 2**31 - 1, -(2**31))],
            ),
        ),
    )
)
