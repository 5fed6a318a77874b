"""How well a few typed letters fit a line: letters in their order, better together and at the beginning of words."""

from __future__ import annotations


def score(wanted: str, text: str) -> int | None:
    """Return how well ``wanted`` fits ``text``, more being better; None when its letters do not occur in this order."""
    wanted, text = wanted.lower().replace(" ", ""), text.lower()
    if not wanted:
        return 0
    if (at := text.find(wanted)) >= 0:
        return 1000 - at - len(text) // 8 + (200 if at == 0 or not text[at - 1].isalnum() else 0)
    total, place, together = 0, 0, 0
    for letter in wanted:
        found = text.find(letter, place)
        if found < 0:
            return None
        begins = found == 0 or not text[found - 1].isalnum()
        together = together + 1 if found == place and place else 0
        total += 1 + 4 * together + (8 if begins else 0) - min(4, found - place)
        place = found + 1
    return total


def best(wanted: str, lines: list[str]) -> list[int]:
    """Return the places of the lines that fit, the best first, those that fit as well in their order."""
    fits = [(fit, place) for place, line in enumerate(lines) if (fit := score(wanted, line)) is not None]
    return [place for _, place in sorted(fits, key=lambda one: (-one[0], one[1]))]
