"""Rectangles cut into rows and columns by weight, with a least and a most for every part: pure arithmetic on whole cells.

A part that is not there leaves no hole, its neighbours take its room. It knows nothing of what is shown in a part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tui_trader.ui.slot import Rect, Size, Slot

ENDLESS = 10_000


@dataclass(frozen=True, slots=True)
class Leaf:
    """One place."""

    slot: Slot
    weight: int = 1
    """Share of what is left when every part has its least; 0 takes of it only what nobody else wants."""
    fixed: int = 0
    """Cells along the cut; 0 shares by weight."""
    most: int = ENDLESS
    """Cells along the cut that it takes at most while a neighbour wants more."""
    stays: int = 0
    """What stays longest when not everything fits; the smallest goes first, and one of 0 never goes."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Parts beside each other (``across``) or below each other, with ``gap`` empty columns between those beside each other."""

    parts: tuple[Leaf | Cut, ...]
    across: bool = False
    weight: int = 1
    fixed: int = 0
    most: int = ENDLESS


Node = Leaf | Cut

GAP = 1
"""Empty columns between parts beside each other."""


def beside(*parts: Node, weight: int = 1, fixed: int = 0, most: int = ENDLESS) -> Cut:
    """Return parts from left to right."""
    return Cut(parts, True, weight, fixed, most)


def below(*parts: Node, weight: int = 1, fixed: int = 0, most: int = ENDLESS) -> Cut:
    """Return parts from top to bottom."""
    return Cut(parts, False, weight, fixed, most)


def cut(node: Node, area: Rect, least: Mapping[Slot, Size]) -> dict[Slot, Rect]:
    """Return where the parts of ``node`` stand in ``area``.

    A slot that has no ``least`` is not there. While not everything fits, what stays shortest is taken out.
    """
    pruned = _prune(node, frozenset(least))
    while pruned is not None:
        need = _need(pruned, least)
        if need.width <= area.width and need.height <= area.height:
            return _place(pruned, area, least)
        going = [leaf for leaf in _leaves(pruned) if leaf.stays]
        if not going:
            return {}
        first = min(going, key=lambda leaf: leaf.stays)
        pruned = _prune(pruned, frozenset(leaf.slot for leaf in _leaves(pruned)) - {first.slot})
    return {}


def _leaves(node: Node) -> list[Leaf]:
    if isinstance(node, Leaf):
        return [node]
    return [leaf for part in node.parts for leaf in _leaves(part)]


def _prune(node: Node, there: frozenset[Slot]) -> Node | None:
    """Return ``node`` without the parts that are not there."""
    if isinstance(node, Leaf):
        return node if node.slot in there else None
    parts = tuple(pruned for part in node.parts if (pruned := _prune(part, there)) is not None)
    return replace(node, parts=parts) if parts else None


def _need(node: Node, least: Mapping[Slot, Size]) -> Size:
    if isinstance(node, Leaf):
        return least[node.slot]
    needs = [_need(part, least) for part in node.parts]
    along = [max(part.fixed, _along(need, node)) for part, need in zip(node.parts, needs, strict=True)]
    if node.across:
        return Size(sum(along) + GAP * (len(along) - 1), max(need.height for need in needs))
    return Size(max(need.width for need in needs), sum(along))


def _along(size: Size, node: Cut) -> int:
    return size.width if node.across else size.height


def _place(node: Node, area: Rect, least: Mapping[Slot, Size]) -> dict[Slot, Rect]:
    if isinstance(node, Leaf):
        return {node.slot: area}
    gaps = GAP * (len(node.parts) - 1) if node.across else 0
    floors = [max(part.fixed, _along(_need(part, least), node)) for part in node.parts]
    lengths = _shares(node.parts, floors, (area.width if node.across else area.height) - gaps)
    found: dict[Slot, Rect] = {}
    at = area.x if node.across else area.y
    for part, length in zip(node.parts, lengths, strict=True):
        inner = Rect(at, area.y, length, area.height) if node.across else Rect(area.x, at, area.width, length)
        found |= _place(part, inner, least)
        at += length + (GAP if node.across else 0)
    return found


def _shares(parts: Sequence[Node], floors: list[int], total: int) -> list[int]:
    """Return lengths that fill ``total``: the least of each, the rest by weight up to the most of each."""
    lengths = list(floors)
    growing = [i for i, part in enumerate(parts) if not part.fixed and part.weight]
    while growing:
        pool = total - sum(length for i, length in enumerate(lengths) if i not in growing)
        weights = sum(parts[i].weight for i in growing)
        ahead = [i for i in growing if lengths[i] * weights > pool * parts[i].weight]
        if ahead:  # its least is more than its share: it keeps that, and the others share the rest
            growing.remove(ahead[0])
            continue
        full = [i for i in growing if pool * parts[i].weight > parts[i].most * weights]
        if full:
            lengths[full[0]] = max(lengths[full[0]], parts[full[0]].most)
            growing.remove(full[0])
            continue
        for i in growing:
            lengths[i] = pool * parts[i].weight // weights
        break
    rest = total - sum(lengths)
    # Odd cells go from the first on; where nobody wants more, the heaviest takes all, so that no hole is left.
    for i in growing[:rest]:
        lengths[i] += 1
        rest -= 1
    if rest > 0:
        loose = [i for i, part in enumerate(parts) if not part.fixed] or [len(parts) - 1]
        lengths[max(loose, key=lambda i: (parts[i].weight, i))] += rest
    return lengths
