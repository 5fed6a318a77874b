"""What the trader cancelled, so that a key can put it on the stage again. It never sends anything."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from tui_trader.core.bracket import Bracket
from tui_trader.core.error import CommandError
from tui_trader.core.order import Order
from tui_trader.core.types import ClientOrderId, OrderStatus
from tui_trader.desk.amending import restaging
from tui_trader.desk.draft import Draft
from tui_trader.state.store import Store

MOST = 20
"""Cancels that can be undone."""


class Undo:
    """The latest cancels, each of one order or of several."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._batches: deque[list[ClientOrderId]] = deque(maxlen=MOST)
        self._brackets: dict[ClientOrderId, Bracket] = {}
        """The exits of entries among them: with its entry a bracket ends, and nobody else remembers it."""

    def note(self, orders: Iterable[Order], brackets: Iterable[Bracket] = ()) -> None:
        """Remember a cancel of orders that are about to end, with the brackets there are before that."""
        batch = [order.client_id for order in orders if order.status.is_working]
        if not batch:
            return
        if len(self._batches) == MOST:
            for client_id in self._batches[0]:
                self._brackets.pop(client_id, None)
        self._batches.append(batch)
        self._brackets |= {bracket.entry: bracket for bracket in brackets if bracket.entry in batch}

    def next(self, name: Callable[[Order], str]) -> tuple[Draft, int]:
        """Return the next order of the latest cancel as a draft, and how many of that cancel are left after it.

        Orders that were filled after all, or that the venue did not cancel, are passed over. Raises CommandError when there is
        nothing to stage again, or when the end of an order is not known yet.
        """
        passed = ""
        while self._batches:
            batch = self._batches[-1]
            while batch:
                order = self._store.blotter.get(batch[0])
                if order is not None and order.status.is_working and order.pending is not None:
                    raise CommandError(f"the cancel of {name(order)} is not answered yet", fix="u again in a moment")
                if order is not None and order.status is OrderStatus.UNKNOWN:
                    raise CommandError(f"the outcome of {name(order)} is not known yet", fix="u once it is")
                batch.pop(0)
                if order is None:
                    continue
                if order.status.is_working:
                    passed = f"{name(order)} was not cancelled: it is still working"
                    continue
                try:
                    return restaging(order, name(order), self._brackets.pop(order.client_id, None)), len(batch)
                except CommandError as error:
                    passed = error.message
            self._batches.pop()
        raise CommandError(passed or "nothing was cancelled from here that could be staged again")
