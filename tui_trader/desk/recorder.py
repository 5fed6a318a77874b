"""Writes the local history: listens to what is absorbed, and asks the venue for what happened while nobody listened.

Executions and payments are noted as they come, orders are looked at once a second, and all of it is written in another thread:
nothing here delays a message or an order, and nothing that is written here is ever believed over the venue.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from decimal import Decimal

from tui_trader.core.clock import DAY_NS, NS
from tui_trader.core.event import Event, FundingPaid, FundsTransferred, OrderChanged, OrderFilled, OrdersSnapshot
from tui_trader.core.ids import PREFIX
from tui_trader.core.order import Order, OrderReport
from tui_trader.core.round_trip import Terms
from tui_trader.core.types import ClientOrderId, InstrumentId, Severity
from tui_trader.state.past import Past
from tui_trader.state.store import Store
from tui_trader.storage.history import History
from tui_trader.storage.history_rows import FillRow, FundingRow, OrderRow, Row, TransferRow
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict

FLUSH_S = 1.0
"""Between two looks at what is to be written."""

OPEN_EVERY = 30
"""Looks between two attempts to open a history that could not be written."""

BATCH = 500
"""Rows written at a time."""

MAX_WAITING = 20_000
"""Rows that wait for the disk at most; beyond it the oldest are let go, and the venue is asked again at the next connect."""

SHOWN = 1_000
"""Executions, payments and orders of the past that are looked at."""

CALM_S = 5.0
"""How long after a reconciliation the venue is asked for the past: what the account needs now goes first."""

PACE_S = 2.0
"""Between two pages: the past may take half of what a minute allows, and never what an inquiry needs."""

MAX_PAGES = 250
"""Pages of one question; whatever is older stays unknown until the next connect."""

OVERLAP_NS = 600 * NS
"""The past is asked for from this long before what is known: a history trails, and rows are known by their ids."""

FIRST_NS = 90 * DAY_NS
"""How far back the first question goes: Phemex keeps 90 days of executions and two months of orders."""


class Recorder:
    """Keeps the history of one account."""

    def __init__(
        self,
        *,
        history: History,
        account: str,
        store: Store,
        dialect: OrderDialect,
        send: Callable[[Request], Awaitable[Verdict]],
        scopes: Callable[[], Sequence[InstrumentId | None]],
        watched: Callable[[], Iterable[InstrumentId]],
        server_ns: Callable[[], int],
        reconciled: Callable[[], bool],
        say: Callable[[str, Severity], None],
    ) -> None:
        """``scopes`` are what executions have to be asked for, one question each: None for the first settle currency.

        Orders are asked for by contract: those that are ``watched`` and those that executions of the past were in.
        """
        self.history = history
        self.progress: Callable[[str, int], None] | None = None
        """Told the name and the number of rows of each page of the past."""
        self._account = account
        self._store = store
        self._dialect = dialect
        self._send = send
        self._scopes = scopes
        self._watched = watched
        self._traded: set[InstrumentId] = set()
        self._server_ns = server_ns
        self._reconciled = reconciled
        self._say = say
        self._waiting: deque[Row] = deque()
        self._lost = 0
        self._seen: dict[ClientOrderId, Order] = {}
        """Orders as they were last noted."""
        self._version = -1
        self._busy = asyncio.Lock()
        self._told: set[str] = set()

    # -- listening -------------------------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        """Note an own event; called while it is absorbed, so it only takes down."""
        if type(event) is OrderFilled:
            self._note(FillRow.of(self._account, event.fill))
        elif type(event) is FundingPaid:
            self._note(FundingRow.of(self._account, event))
        elif type(event) is FundsTransferred:
            self._note(TransferRow.of(event.venue, self._account, event.transfer))

    def look(self) -> None:
        """Note the orders that have changed since the last look."""
        blotter = self._store.blotter
        if blotter.version == self._version:
            return
        self._version = blotter.version
        orders = blotter.orders()
        for order in orders:
            if self._seen.get(order.client_id) is not order:
                self._note(OrderRow.of(self._account, order))
        self._seen = {order.client_id: order for order in orders}

    # -- writing ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Open the history and write to it until cancelled; while another terminal does, wait for that one's end."""
        for beat in itertools.count():
            if not self.history.writable and not beat % OPEN_EVERY and await asyncio.to_thread(self.history.open):
                await self._remember()
            await self.flush()
            await asyncio.sleep(FLUSH_S)

    async def flush(self) -> None:
        """Write what waits. What the disk does not take goes on waiting."""
        async with self._busy:
            self.look()
            while self._waiting and self.history.writable:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                if not await asyncio.to_thread(self.history.write, batch):
                    self._waiting.extendleft(reversed(batch))
                    break
            self._tell()

    async def close(self) -> None:
        """Write what is left and release the file."""
        await self.flush()
        await asyncio.to_thread(self.history.close)

    # -- the past --------------------------------------------------------------------------------------------------

    async def follow(self) -> None:
        """Ask for the past after every reconciliation, in its time, until cancelled."""
        done = False
        while True:
            await asyncio.sleep(CALM_S)
            if not self._reconciled():
                done = False
            elif not done and self.history.writable:
                with contextlib.suppress(ConnectionError):  # then in a while
                    await self.fill_in(PACE_S)
                    await self._remember()
                    done = True

    async def fill_in(self, pace_s: float = 0.0) -> int:
        """Ask the venue for what happened since it last told all, and write it; return the number of rows.

        Raises ConnectionError when a question was not answered; what was learned until then is kept.
        """
        await asyncio.to_thread(self.history.open)
        self._traded = set(self._watched())
        count = 0
        for scope in self._scopes():
            name = f"fills {scope.symbol}" if scope else "fills"
            count += await self._ask(name, lambda since_ns, scope=scope: self._dialect.fills(scope, since_ns), pace_s)  # type: ignore[misc]
        for iid in sorted(self._traded):
            if iid in self._store.instruments:
                name = f"orders {iid.symbol}"
                count += await self._ask(name, lambda since_ns, iid=iid: self._dialect.closed_orders(iid, since_ns), pace_s)  # type: ignore[misc]
        for _, currency in sorted(self._store.balances):
            name = f"transfers {currency}"
            count += await self._ask(
                name,
                lambda since_ns, currency=currency: self._dialect.transfers(currency, since_ns),  # type: ignore[misc]
                pace_s,
            )
        return count

    async def _ask(self, name: str, question: Callable[[int], Request], pace_s: float) -> int:
        """Ask one question from where it was last answered, page by page; return the number of rows."""
        asked_ns = self._server_ns()
        since_ns = max(self.history.known_until(name) - OVERLAP_NS, asked_ns - FIRST_NS)
        request: Request | None = question(since_ns)
        count = 0
        for _ in range(MAX_PAGES):
            if request is None:
                break
            if pace_s:
                await asyncio.sleep(pace_s)
            verdict = await self._send(request)
            if verdict.outcome in (Outcome.REJECTED, Outcome.MISSING) and not verdict.bad_key:
                return count  # the venue does not tell it: a wallet that does not exist, a contract without a history
            if verdict.outcome is not Outcome.ACK:
                raise ConnectionError(f"{name} were not answered: {verdict.text or verdict.outcome}")
            rows = [row for event in verdict.events for row in self._rows(event)]
            if not await asyncio.to_thread(self.history.write, rows):
                raise ConnectionError("the history cannot be written, or another terminal keeps it")
            count += len(rows)
            if self.progress is not None and rows:
                self.progress(name, count)
            request = verdict.next_page
        await asyncio.to_thread(self.history.write, [], {name: asked_ns})
        return count

    def _rows(self, event: Event) -> list[Row]:
        """Return the rows that an event of the past makes."""
        match event:
            case OrderFilled(fill=fill):
                self._traded.add(fill.instrument)
                return [FillRow.of(self._account, fill)]
            case FundingPaid():
                return [FundingRow.of(self._account, event)]
            case FundsTransferred(venue=venue, transfer=transfer):
                return [TransferRow.of(venue, self._account, transfer)]
            case OrderChanged(report=report):
                return [self._order(report)]
            case OrdersSnapshot(reports=reports):
                return [self._order(report) for report in reports]
        return []

    def _order(self, report: OrderReport) -> OrderRow:
        order = Order.from_report(report)
        row = OrderRow.of(self._account, order)
        return row if not report.client_id.startswith(PREFIX) else row.as_own()

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _remember(self) -> None:
        """Let the newest executions of the past be looked at, with the funding and the orders of their time."""
        fills, funding, orders = await asyncio.to_thread(self._newest)
        cut = len(fills) >= SHOWN
        self._store.remember(
            Past.of(
                (row.fill() for row in fills),
                (row.paid() for row in funding),
                _terms(orders),
                fills[0].at_ns + 1 if cut else 0,
            )
        )

    def _newest(self) -> tuple[list[FillRow], list[FundingRow], list[OrderRow]]:
        newest = self.history.newest
        return (
            [row for row in newest("fills", SHOWN) if isinstance(row, FillRow)],
            [row for row in newest("funding", SHOWN) if isinstance(row, FundingRow)],
            [row for row in newest("orders", SHOWN) if isinstance(row, OrderRow)],
        )

    def _note(self, row: Row) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(row)

    def _tell(self) -> None:
        if self._lost and self.history.writable:
            self._say(f"{self._lost} rows of the history were not kept: the disk was too slow or full", Severity.WARNING)
            self._lost = 0
        while self.history.notices:
            text = self.history.notices.pop(0)
            if text not in self._told:
                self._told.add(text)
                self._say(text, Severity.WARNING)


def _terms(orders: Iterable[OrderRow]) -> dict[str, Terms]:
    """Return what orders of the past were sent with, by client and venue id."""
    found: dict[str, Terms] = {}
    for row in orders:
        terms = Terms(_number(row.arrival_price), _number(row.stop_loss))
        if terms != Terms():
            found |= {key: terms for key in (row.client_id, row.venue_id) if key}
    return found


def _number(text: str) -> Decimal | None:
    return Decimal(text) or None if text else None
