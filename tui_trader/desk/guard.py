"""What becomes of open orders when the connection ends, where a venue lets one choose: the trader's switch.

It must not know how a venue is asked. What is in force is what the venue last said, in ``Store.guards``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tui_trader.core.error import RefusedError
from tui_trader.desk.account import Account
from tui_trader.desk.feeds import Feeds
from tui_trader.state.store import Store


class Guard:
    """Has a venue cancel the account's open orders when the private connection ends, or not."""

    def __init__(
        self,
        *,
        account: Account,
        store: Store,
        feeds: Feeds,
        record: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._account = account
        self._store = store
        self._feeds = feeds
        self._record = record

    @property
    def words(self) -> str:
        """What is in force, in one sentence."""
        venue = self._account.venue
        if not venue.capabilities.cancel_on_disconnect:
            return f"{venue.title} knows no cancel-on-disconnect: open orders stay when the connection ends"
        on = self._store.guards.get(venue.name)
        if on is None:
            return "cancel-on-disconnect is not known: the private connection is not up"
        end = "are cancelled by the venue, protective stops too" if on else "stay at the venue"
        return f"cancel-on-disconnect is {'on' if on else 'off'}: open orders {end} when this connection ends"

    def switch(self, *, on: bool) -> str:
        """Ask for it, or for its end, from here on and after every connect; the venue's answer is told when it comes.

        Raises RefusedError where it cannot be chosen.
        """
        venue, state = self._account.venue, "on" if on else "off"
        if not venue.capabilities.cancel_on_disconnect:
            raise RefusedError(self.words)
        if self._account.credential is None:
            raise RefusedError("no API key: there is no private connection to end")
        self._record("setting", {"cancel_on_disconnect": on})
        if self._feeds.guard(on=on):
            return f"asking {venue.title} to switch cancel-on-disconnect {state}"
        return f"cancel-on-disconnect will be {state} with the next private connection, before anything is sent over it"
