"""What becomes of the account's open orders when a connection ends: what was asked for, and what the venue said to it.

It must not know frames. Whoever asks the venue tells it the number of each question. Source: docs.paradex.trade, WebSocket method
``order.cancel_on_disconnect``: off on every new connection until it is asked for.
"""

from __future__ import annotations

from typing import Final

from tui_trader.core.event import Event, GuardTold, Notice, Subscribed
from tui_trader.core.types import Severity
from tui_trader.venues.paradex.words import VENUE

_WHAT: Final = "the venue cancels the open orders of this account, protective stops too"
_ON: Final = f"cancel-on-disconnect is on: {_WHAT}, when this connection ends"
_OFF: Final = "cancel-on-disconnect is off: open orders stay at the venue when this connection ends"


class Ending:
    """The wish of one connection after the other."""

    def __init__(self, wish: bool) -> None:
        self.wish = wish
        """Whether open orders are to be cancelled."""
        self._opening: set[int] = set()
        self._switches: dict[int, bool] = {}
        """Questions that a trader asked, and what was wished before each."""

    def opens(self, number: int) -> None:
        """Note the question that a connection begins with."""
        self._opening.add(number)

    def switch(self, number: int, before: bool) -> None:
        """Note a question of the trader's."""
        self._switches[number] = before

    def reset(self) -> None:
        """Forget the questions of a connection that is over; the wish stays."""
        self._opening.clear()
        self._switches.clear()

    def hear(self, answer: Subscribed, at_ns: int) -> list[Event] | None:
        """Return what an answer says; None where it is not about this."""
        number = answer.request_id
        if number in self._switches:
            return self._switched(self._switches.pop(number), "" if answer.ok else answer.reason, at_ns)
        if number not in self._opening:
            return None
        self._opening.discard(number)
        if not self.wish:  # what was not asked for need not be granted
            return [GuardTold(VENUE, False), Subscribed(VENUE, answer.lane, number, True)]
        return [Notice(_ON, Severity.NOTE, at_ns), GuardTold(VENUE, True), answer] if answer.ok else [answer]

    def _switched(self, before: bool, reason: str, at_ns: int) -> list[Event]:
        """Say what came of a switch; refused, it stays as it was."""
        if reason:
            wish, self.wish = self.wish, before
            text = f"cancel-on-disconnect was not switched {'on' if wish else 'off'}: {reason}"
            return [Notice(text, Severity.ALARM, at_ns), GuardTold(VENUE, before)]
        return [Notice(_ON if self.wish else _OFF, Severity.NOTE, at_ns), GuardTold(VENUE, self.wish)]
