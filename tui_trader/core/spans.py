"""Stretches of time that are known: sorted, disjoint, and never touching, because two that touch are one.

Seconds are whole; a span is from its first second up to the one after its last.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

Span = tuple[int, int]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return what the given spans, in any order, cover together."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def within(spans: list[Span], start: int, end: int) -> list[Span]:
    """Return the parts of sorted, disjoint spans that lie between two seconds."""
    if end <= start:
        return []
    first = bisect_right(spans, (start,)) - 1
    if first < 0 or spans[first][1] <= start:
        first += 1
    last = bisect_left(spans, (end,))
    return [(max(start, a), min(end, b)) for a, b in spans[first:last]]


def length(spans: Iterable[Span]) -> int:
    """Return how many seconds disjoint spans cover."""
    return sum(end - start for start, end in spans)


def covers(spans: list[Span], start: int, end: int) -> bool:
    """Whether one of the spans holds all of a stretch."""
    return end <= start or within(spans, start, end) == [(start, end)]


def missing(spans: list[Span], start: int, end: int) -> list[Span]:
    """Return what sorted, disjoint spans leave open between two seconds."""
    out: list[Span] = []
    at = start
    for a, b in within(spans, start, end):
        if a > at:
            out.append((at, a))
        at = b
    if at < end:
        out.append((at, end))
    return out


def whole_units(start: int, end: int, unit: int) -> Span:
    """Return the part of a stretch that consists of whole units (multiples of ``unit``); empty when none fits."""
    first = -(-start // unit) * unit
    return first, max(first, end // unit * unit)
