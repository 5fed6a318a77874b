"""Short names of orders for the screen and the command line: ``a1``, ``b7``.

A letter for each instrument in the order of its first order, a count within it. A label never changes and is never reused,
so a command typed against what was read a second ago means the same order.
"""

from __future__ import annotations

from string import ascii_lowercase

from tui_trader.core.types import ClientOrderId, InstrumentId


class OrderLabels:
    """Labels of all orders seen since start; one object shared by the panes and the command line."""

    def __init__(self) -> None:
        self._letters: dict[InstrumentId, str] = {}
        self._counts: dict[InstrumentId, int] = {}
        self._labels: dict[ClientOrderId, str] = {}
        self._ids: dict[str, ClientOrderId] = {}

    def label(self, client_id: ClientOrderId, instrument: InstrumentId) -> str:
        """Return the label of an order, giving it one at first sight."""
        known = self._labels.get(client_id)
        if known is not None:
            return known
        letter = self._letters.get(instrument)
        if letter is None:
            letter = self._letters[instrument] = _letters(len(self._letters))
        count = self._counts[instrument] = self._counts.get(instrument, 0) + 1
        text = f"{letter}{count}"
        self._labels[client_id] = text
        self._ids[text] = client_id
        return text

    def name(self, client_id: str) -> str:
        """Return the label of an order that has one already; empty for every other."""
        return self._labels.get(ClientOrderId(client_id), "")

    def find(self, text: str) -> ClientOrderId | None:
        """Return the client id behind a label in any letter case, or None."""
        return self._ids.get(text.lower())


def _letters(index: int) -> str:
    """Return ``a`` … ``z``, ``aa``, ``ab`` … for 0, 1, 2 …"""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = ascii_lowercase[rest] + text
    return text
