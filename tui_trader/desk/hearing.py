"""Whether the private stream tells what it must.

A stream can answer every heartbeat and yet say nothing of the account: then positions stand still on the screen and nobody is to
blame. Two things give it away, and both are about our own orders: the venue took one and the stream does not speak of it, or the
venue says that one executed and the stream brought no execution. It must not ask the venue anything; a new connection does that.
"""

from __future__ import annotations

from collections.abc import Callable

from tui_trader.core.clock import NS, Clock
from tui_trader.core.order import Order
from tui_trader.core.types import ClientOrderId, OrderStatus
from tui_trader.state.store import Store

DEAF_NS = 3 * NS
"""How long the stream may owe a word: it mostly comes before the answer to the request."""


class Hearing:
    """Looks at the own orders of this run, once a second."""

    def __init__(self, *, store: Store, clock: Clock, renew: Callable[[str], None]) -> None:
        """``renew`` gives the private connection up for a new one and is told why."""
        self._store = store
        self._clock = clock
        self._renew = renew
        self._owed_ns: dict[ClientOrderId, int] = {}
        """Since when a word about an order is owed, by monotonic time."""
        self._given_up: set[str] = set()
        """Orders that a connection was given up for: once is enough, for a history may trail."""

    def look(self) -> None:
        """Give up a stream that has owed a word for too long."""
        now = self._clock.mono_ns()
        owed = {order.client_id: order for order in self._store.blotter.orders() if self._owes(order)}
        self._owed_ns = {client_id: self._owed_ns.get(client_id, now) for client_id in owed}
        late = [client_id for client_id, since_ns in self._owed_ns.items() if now - since_ns > DEAF_NS]
        self._given_up.update(late)
        if late and self._store.private_is_fresh(owed[late[0]].instrument.venue):
            self._renew(f"it says nothing of order {late[0][-6:]}")

    def _owes(self, order: Order) -> bool:
        if not order.rtt_ns or order.client_id in self._given_up:
            return False  # not sent by this run
        return order.status is OrderStatus.ACKED or order.filled > self._store.blotter.executed(order.client_id)
