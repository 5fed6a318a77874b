"""What the desk does about news of its connections: lanes that come and go, messages that were lost, products that change.

It must not apply anything to the Store: that is ``Desk.absorb``'s.
"""

from __future__ import annotations

from collections.abc import Callable

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import plain
from tui_trader.core.event import LinkChanged
from tui_trader.core.types import InstrumentId, LinkState, Severity
from tui_trader.desk.feeds import Feeds
from tui_trader.desk.stage import Stage
from tui_trader.desk.sync import Sync
from tui_trader.state import topic
from tui_trader.state.store import Store
from tui_trader.venues.base import Lane, OrderDialect

RENEW_NS = 60 * NS
"""A private connection that said something unreadable is given up for a new one at most this often."""


class Listening:
    """Keeps the links of one account in order."""

    def __init__(
        self,
        *,
        venue: str,
        store: Store,
        clock: Clock,
        dialect: OrderDialect,
        feeds: Feeds,
        sync: Sync,
        stage: Stage,
        say: Callable[[str, Severity], None],
    ) -> None:
        self._venue = venue
        self._store = store
        self._clock = clock
        self._dialect = dialect
        self._feeds = feeds
        self._sync = sync
        self._stage = stage
        self._say = say
        self._live_lanes: set[str] = set()
        self._renewed_ns = -RENEW_NS

    def link_moved(self, event: LinkChanged) -> None:
        """Say that a lane came or went, and tell who waits for the private one."""
        live = event.state is LinkState.LIVE
        if live != (event.lane in self._live_lanes):
            words = "live" if live else f"lost: {event.reason or event.state}"
            self._say(f"{event.lane} lane {words}", Severity.NOTE if live else Severity.WARNING)
            self._live_lanes ^= {event.lane}
        if event.lane == Lane.PRIVATE.value:
            self._sync.moved(event)

    def misheard(self) -> None:
        """Something that the account's stream said is lost: learn it by asking, and let the stream's silence prove nothing."""
        self._store.misheard(self._venue, Lane.PRIVATE.value)
        now = self._clock.mono_ns()
        if now - self._renewed_ns > RENEW_NS:
            self._renewed_ns = now
            self._feeds.renew(Lane.PRIVATE, "a message about the account could not be read")
        else:
            # A message that is unreadable by its nature would come again with every connection.
            self._say("a message about the account could not be read: asking the venue for everything", Severity.WARNING)
            self._sync.again()

    def relisted(self, changed: set[InstrumentId]) -> None:
        """Take up a new product list: a draft for a contract that changed was thought in other terms."""
        instruments = list(self._store.instruments.values())
        self._dialect.list_instruments(instruments)
        self._feeds.list_instruments(instruments)
        draft = self._stage.draft
        if draft is not None and draft.instrument in changed:
            self._stage.drop()
            self._say(f"{draft.instrument.symbol} has changed at the venue: the staged order was dropped", Severity.ALARM)
        for iid in sorted(changed & set(self._feeds.watched)):
            now = self._store.instruments[iid]
            words = f"tick {plain(now.tick)}, lot {plain(now.lot)}" if now.tradable else "not tradable any more"
            self._say(f"{iid.symbol} has changed at the venue: {words}", Severity.WARNING)
        self._store.touch(topic.STAGE, topic.INSTRUMENTS)
