"""Several orders in one request: every intent durable before it leaves, one send, and an end for each by what is said of it.

An answer about the request as a whole (refused, not sent, lost) is one about each of its orders. Of an order that an answer does
not mention nothing is known: it is asked after like any whose answer was lost. Nothing here sends a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tui_trader.core.clock import Clock
from tui_trader.core.error import RefusedError
from tui_trader.core.order import OrderTicket
from tui_trader.desk.asking import Sender
from tui_trader.desk.records import ticket_body
from tui_trader.state.store import Store
from tui_trader.venues.base import Outcome, Verdict
from tui_trader.venues.besides import Gathering

UNTOLD: Final = Verdict(Outcome.UNKNOWN, "untold", "the answer does not say what became of it")
INTERRUPTED: Final = Verdict(Outcome.UNKNOWN, "interrupted", "the wait for the answer was interrupted")


class Batch:
    """Sends several orders of one contract at once, for one account."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        dialect: Gathering,
        send: Sender,
        record: Callable[[str, Sequence[Mapping[str, Any]], bool], None],
        leave: Callable[[OrderTicket], None],
        answered: Callable[[str, Verdict, int], None],
        heard: Callable[[Verdict], None],
    ) -> None:
        """``record`` writes records of one kind down with one sync, and raises RefusedError where that is required and cannot be;
        ``leave`` shows an order as sent; ``answered`` settles it by what became of it, after so many nanoseconds."""
        self._store = store
        self._clock = clock
        self._dialect = dialect
        self._send = send
        self._record = record
        self._leave = leave
        self._answered = answered
        self._heard = heard

    @property
    def most(self) -> int:
        """How many orders one request may make."""
        return self._dialect.most_together

    async def submit(self, tickets: Sequence[OrderTicket], *, reduces: bool) -> list[Verdict]:
        """Send orders of one contract in one request, once, and return what is known of each, in their order.

        Raises RefusedError when the intents cannot be recorded, or the instrument is unknown; then none of them was sent.
        """
        instrument = self._store.instruments.get(tickets[0].instrument)
        if instrument is None:
            raise RefusedError(f"{tickets[0].instrument.symbol} is not in the venue's product list")
        ids = [ticket.client_id for ticket in tickets]
        for client_id in ids:
            if self._store.blotter.get(client_id) is not None or ids.count(client_id) > 1:
                raise RefusedError(f"order {client_id} was already submitted")
        request = self._dialect.place_several(tickets, instrument)
        self._record("intent", [ticket_body(ticket) for ticket in tickets], not reduces)
        began_ns = self._clock.mono_ns()
        for ticket in tickets:
            self._leave(ticket)
        try:
            verdict = await self._send(request)
        except BaseException:
            # The wait ended, not the orders.
            for client_id in ids:
                self._answered(client_id, INTERRUPTED, 0)
            raise
        told = [outcome_of(verdict, client_id) for client_id in ids]
        self._record("outcome", [_body(one, client_id, verdict) for client_id, one in zip(ids, told, strict=True)], False)
        self._heard(verdict)
        took_ns = 0 if verdict.outcome is Outcome.NOT_SENT else self._clock.mono_ns() - began_ns
        if took_ns:
            self._store.order_rtt.add(took_ns)
        for client_id, one in zip(ids, told, strict=True):
            self._answered(client_id, one, took_ns)
        return told


def outcome_of(verdict: Verdict, client_id: str) -> Verdict:
    """Return what an answer about several orders says of one of them."""
    if verdict.each is not None:
        return verdict.each.get(client_id, UNTOLD)
    return UNTOLD if verdict.outcome is Outcome.ACK else verdict


def _body(told: Verdict, client_id: str, verdict: Verdict) -> dict[str, Any]:
    """Return the record of one order's outcome: that of an order which left alone reads the same."""
    body: dict[str, Any] = {"ref": client_id, "what": "place", "outcome": told.outcome, "code": told.code, "text": told.text}
    if verdict.digest:
        body["reply_sha256"] = verdict.digest
    return body


def of(dialect: object, **collaborators: Any) -> Batch | None:
    """Return what sends several orders at once where a venue takes them; None where it does not."""
    return Batch(dialect=dialect, **collaborators) if isinstance(dialect, Gathering) else None
