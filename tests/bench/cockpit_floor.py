"""``python -m tests.bench.cockpit_floor FILE moving|still|count``: draw recorded frames by hand, with ANSI and nothing else.

The floor of the whole cockpit: a program that is handed, at the time of each frame, the lines that it changes, ready as text and
pens. It compares them with what it drew, joins what differs into runs, goes through those pen by pen, and writes once. It reads
no market, keeps no orders, formats nothing and has no keys. It begins over when it is through. ``count`` prints how many bytes
all frames after the first take.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence

SECOND = "\x01"
"""The second cell of a character two cells wide: nothing is drawn for it."""

GAP = 4
"""Unchanged cells that are drawn again rather than jumped over."""


class Floor:
    """What was drawn, and what must be written to draw the next lines."""

    def __init__(self, pens: Sequence[tuple[Sequence[str], str, str]]) -> None:
        self._codes = [
            "\x1b[0" + "".join(f";{code}" for code in (*attributes, ink, paper) if code) + "m" for attributes, ink, paper in pens
        ]
        self._shown: dict[int, tuple[str, str]] = {}

    def draw(self, lines: Sequence[tuple[int, str, str]]) -> bytes:
        """Return what makes these lines appear."""
        groups: dict[str, list[str]] = {}
        for y, text, pens in lines:
            old, old_pens = self._shown.get(y, ("", ""))
            self._shown[y] = (text, pens)
            if len(old) != len(text):
                changed = list(range(len(text)))
            else:
                changed = [x for x in range(len(text)) if text[x] != old[x] or pens[x] != old_pens[x]]
            if not changed:
                continue
            start = last = changed[0]
            for x in (*changed[1:], 1 << 30):
                if x > last + 1 + GAP or pens[last : x + 1] != pens[start] * (x + 1 - last):
                    cells = text[start : last + 1].replace(SECOND, "")
                    groups.setdefault(pens[start], []).append(f"\x1b[{y + 1};{start + 1}H{cells}")
                    start = x
                last = x
        return "".join(self._codes[ord(pen)] + "".join(runs) for pen, runs in groups.items()).encode()


def main() -> None:
    with open(sys.argv[1]) as file:
        found = json.load(file)
    frames = [(at, [(y, text.replace("\0", " "), pens) for y, text, pens in lines]) for at, lines in found["frames"]]
    floor = Floor(found["pens"])
    if sys.argv[2] == "count":
        floor.draw(frames[0][1])
        print(sum(len(floor.draw(lines)) for _, lines in frames[1:]))
        return
    out = os.open(os.ttyname(1), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    os.write(out, b"\x1b[?1049h\x1b[?25l\x1b[?7l")

    def draw(lines: Sequence[tuple[int, str, str]]) -> None:
        if data := floor.draw(lines):
            os.write(out, data)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        place, begin = 0, loop.time() + 0.5

        def step() -> None:
            nonlocal place, begin
            draw(frames[place][1])
            place += 1
            if place == len(frames):
                place, begin = 0, loop.time() + 0.05 - frames[0][0]
            loop.call_at(begin + frames[place][0], step)

        draw(frames[0][1])
        if sys.argv[2] == "moving":
            step()
        await asyncio.Event().wait()

    asyncio.run(run())


if __name__ == "__main__":
    main()
