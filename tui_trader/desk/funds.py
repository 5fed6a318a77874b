"""Money between the wallet and the trading account, the account's journal at the venue, and what trading costs it.

A transfer is written down before it is sent, sent once, and never again: when its answer is lost it is UNKNOWN, and the venue's
history of transfers tells what became of it. Nothing here, or anywhere in this program, can move money out of the venue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from tui_trader.core.clock import NS
from tui_trader.core.decimals import down_to, is_multiple, plain
from tui_trader.core.error import CommandError, LinkError, OutcomeUnknown, RefusedError, VenueError
from tui_trader.core.event import Event, FundingPaid, FundsListed, FundsTransferred, Notice
from tui_trader.core.funds import FundsEntry, Transfer, TransferState
from tui_trader.core.ids import IdFactory
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.account import Account
from tui_trader.desk.inquiry import HISTORY_LAG_S, SKEW_BOUND_S
from tui_trader.state.store import PositionKey, Store
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict

CLOCKS_NS = 5 * NS
"""A history may date a transfer this much before it was asked for: clocks disagree."""

LOOK_BACK_NS = 60 * NS
ASK_DELAYS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
MAX_PAGES = 20

FEES_S = 6 * 3_600.0
"""How old the fee rates of the account may grow; venues set them by the day."""

FEES_AGAIN_S = 60.0

FUNDING_LOOK_S, FUNDING_GAP_NS, FUNDING_NS = 1.0, 5 * NS, 300 * NS
"""Between looks at whether funding moved a position, and between questions where it did not."""


class Funds:
    """Moves money between the accounts of one user at one venue, and knows what trading costs there."""

    def __init__(
        self,
        *,
        account: Account,
        store: Store,
        dialect: OrderDialect,
        ids: IdFactory,
        send: Callable[[Request], Awaitable[Verdict]],
        absorb: Callable[[list[Event]], None],
        spawn: Callable[[str, Any], None],
        record: Callable[[str, Mapping[str, Any]], None],
        server_ns: Callable[[], int],
        read_only: Callable[[], bool],
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        """``record`` writes into the journal and raises RefusedError when it cannot."""
        self._account = account
        self._store = store
        self._dialect = dialect
        self._ids = ids
        self._send = send
        self._absorb = absorb
        self._spawn = spawn
        self._record = record
        self._server_ns = server_ns
        self._read_only = read_only
        self._sleep = sleep

    # -- transfers -------------------------------------------------------------------------------------------------

    async def transfer(self, currency: str, amount: Decimal, *, to_trading: bool) -> Transfer:
        """Move money once; return what is known of it. Whoever calls has asked the trader first.

        Raises CommandError or RefusedError when nothing was sent, LinkError or VenueError when nothing moved, and OutcomeUnknown
        when that is not known yet: then the history is asked until it is.
        """
        currency = self._judge(currency, amount, to_trading)
        asked_ns = self._server_ns()
        # Not every call takes a key of ours: then a new row in the history is told from the old ones by what was there before.
        before = {told.key for told in await self._history(currency, asked_ns - LOOK_BACK_NS, "it was not sent")}
        transfer = Transfer(self._ids.new(), currency, amount, to_trading, TransferState.ASKED, asked_ns)
        try:
            request = self._dialect.transfer(transfer)
        except ValueError as error:
            raise CommandError(f"{transfer.words}: {error}") from error
        self._record("transfer", _body(transfer))
        self._tell(transfer)
        try:
            verdict = await self._send(request)
        except BaseException:
            self._doubt(transfer, before, "the wait for the answer was interrupted")
            raise
        match verdict.outcome:
            case Outcome.ACK:
                return self._answered(transfer, before, verdict)
            case Outcome.NOT_SENT | Outcome.LIMITED:
                self._end(transfer, replace(transfer, state=TransferState.FAILED, reason=verdict.text))
                raise LinkError(f"nothing was moved: {verdict.text or verdict.outcome}")
            case Outcome.REJECTED:
                self._end(transfer, replace(transfer, state=TransferState.FAILED, reason=verdict.text))
                raise VenueError(f"nothing was moved: {verdict.text or verdict.outcome}", code=verdict.code)
            case _:
                self._doubt(transfer, before, verdict.text)
                doubt = f"whether it was done is not known ({verdict.text}); the venue is being asked, nothing is sent again"
                raise OutcomeUnknown(f"{transfer.words}: {doubt}", code=verdict.code)

    def recover(self, bodies: Sequence[Mapping[str, Any]]) -> None:
        """Take up transfers of an earlier run whose end the journal does not know: the history is asked after them."""
        for body in bodies:
            try:
                transfer = _from_body(body)
            except (KeyError, TypeError, ValueError, InvalidOperation):
                self._say("a transfer in the journal cannot be read: look at the venue's own list", Severity.ALARM)
                continue
            self._doubt(transfer, set(), "sent by an earlier run")

    async def transfers(self, currency: str, since_ns: int) -> list[Transfer]:
        """Return the movements of a currency since a time, newest first; raises LinkError when the venue does not tell."""
        return await self._history(currency, since_ns, "the transfers are not known")

    async def journal(self, currency: str, since_ns: int) -> list[FundsEntry]:
        """Return the lines of the account's journal since a time; raises LinkError when the venue does not tell."""
        events = await self._pages(self._dialect.funds_journal(currency, since_ns), "the journal of the account is not known")
        return [entry for event in events if isinstance(event, FundsListed) for entry in event.entries]

    # -- fees ------------------------------------------------------------------------------------------------------

    async def learn_fees(self) -> bool:
        """Ask what this account pays for every contract; False when a question was not answered.

        What is not told stays as it is; a refusal is an answer.
        """
        whole = True
        for currency in self._currencies():
            request = self._dialect.fee_rates(currency)
            if request is None:
                continue
            verdict = await self._send(request)
            if verdict.outcome is Outcome.ACK:
                self._absorb(list(verdict.events))
            else:
                whole = whole and verdict.outcome is Outcome.REJECTED
        return whole

    async def keep_fees(self) -> None:
        """Keep what trading costs up to date, until cancelled."""
        while True:
            await self._sleep(FEES_S if await self.learn_fees() else FEES_AGAIN_S)

    # -- funding ---------------------------------------------------------------------------------------------------

    async def keep_funding(self) -> None:
        """Learn what funding cost where the stream does not tell it, until cancelled.

        A position that is new or was told anew is asked after at once, one that was closed too, for some venues pay when that
        happens; every other one that is open now and then.
        """
        since_ns = self._server_ns()
        seen: dict[PositionKey, tuple[Decimal, int]] = {}
        asked_ns: dict[InstrumentId, int] = {}
        while True:
            await self._sleep(FUNDING_LOOK_S)
            now_ns = self._server_ns()
            for position in list(self._store.positions.values()):
                iid, told = position.instrument, (position.funding, position.at_ns)
                if position.is_flat and position.key not in seen:
                    continue
                moved, quiet_ns = seen.get(position.key) != told, now_ns - asked_ns.get(iid, 0)
                if quiet_ns < FUNDING_GAP_NS or (not moved and (position.is_flat or quiet_ns < FUNDING_NS)):
                    continue
                verdict = await self._send(self._dialect.funding_history(iid, since_ns))
                if verdict.outcome is Outcome.ACK:
                    paid = [event for event in verdict.events if isinstance(event, FundingPaid) and event.at_ns >= since_ns - NS]
                    self._absorb([*paid])
                    seen[position.key], asked_ns[iid] = told, now_ns

    # -- inside ----------------------------------------------------------------------------------------------------

    def _judge(self, typed: str, amount: Decimal, to_trading: bool) -> str:
        """Return the currency of a transfer that may be asked for; raise what speaks against it."""
        if self._read_only():
            raise RefusedError("read-only: this terminal moves no money")
        if not self._account.venue.capabilities.transfers:
            raise RefusedError(f"{self._account.venue.title} moves no money between accounts through here")
        known = self._currencies()
        currency = typed.upper()
        if currency not in known:
            raise CommandError(f"no contract settles in {typed}", fix=" or ".join(known))
        if amount <= 0:
            raise CommandError("a transfer moves an amount above zero")
        places = next(one.value_scale for one in self._store.instruments.values() if one.settle == currency)
        step = Decimal(1).scaleb(-places)
        if not is_multiple(amount, step):
            raise CommandError(f"{currency} is kept to {places} decimals", fix=plain(down_to(amount, step)))
        for other in self._store.transfers.values():
            if other.currency == currency and not other.state.is_final:
                raise RefusedError(f"{other.words} is not known to be done yet ({other.state.value.replace('_', ' ')})")
        balance = self._store.balances.get((self._account.venue.name, currency))
        if not to_trading and balance is not None and amount > balance.free:
            raise CommandError(
                f"{plain(balance.free)} {currency} of the trading account are free, not {plain(amount)}", fix=plain(balance.free)
            )
        return currency

    def _currencies(self) -> list[str]:
        listed = {instrument.settle for instrument in self._store.instruments.values()}
        return [currency for currency in self._account.venue.settle_currencies if currency in listed]

    def _answered(self, transfer: Transfer, before: set[str], verdict: Verdict) -> Transfer:
        told = next((event.transfer for event in verdict.events if isinstance(event, FundsTransferred)), None)
        if told is None or (told.currency, told.amount, told.to_trading) != (
            transfer.currency,
            transfer.amount,
            transfer.to_trading,
        ):
            self._doubt(transfer, before, "the answer is about another transfer")
            raise OutcomeUnknown(f"{transfer.words}: the answer is about another transfer; the venue is being asked")
        told = replace(told, at_ns=told.at_ns or transfer.at_ns)
        if told.state.is_final:
            self._end(transfer, told)
            if told.state is TransferState.FAILED:
                raise VenueError(f"nothing was moved: {told.reason}")
            return told
        self._doubt(replace(transfer, state=TransferState.UNDER_WAY), before, "", aliases={told.key})
        return replace(told, key=transfer.key)

    def _doubt(self, transfer: Transfer, before: set[str], reason: str, aliases: set[str] | None = None) -> None:
        state = transfer.state if transfer.state is TransferState.UNDER_WAY else TransferState.UNKNOWN
        transfer = replace(transfer, state=state, reason=reason)
        self._tell(transfer)
        self._spawn(f"transfer {transfer.key}", self._resolve(transfer, before, aliases or set()))

    async def _resolve(self, transfer: Transfer, before: set[str], aliases: set[str]) -> None:
        """Ask the history until it tells the end, or cannot but have had the transfer and has not."""
        fence_ns = self._server_ns() + round((self._dialect.expiry_s() + SKEW_BOUND_S + HISTORY_LAG_S) * NS)
        attempt = 0
        while True:
            await self._sleep(ASK_DELAYS_S[min(attempt, len(ASK_DELAYS_S) - 1)])
            attempt += 1
            past_fence = self._server_ns() > fence_ns
            try:
                rows = await self._history(transfer.currency, transfer.at_ns - LOOK_BACK_NS, "")
            except LinkError:
                continue
            found = next((row for row in rows if row.key in aliases | {transfer.key}), None) or next(
                (row for row in reversed(rows) if row.key not in before and _is_like(row, transfer)), None
            )
            if found is None and past_fence and transfer.state is TransferState.UNKNOWN:
                found = replace(transfer, state=TransferState.ABSENT, reason="the venue never had it")
            if found is not None and found.state.is_final:
                self._end(transfer, found)
                words = {TransferState.DONE: "done", TransferState.ABSENT: "never arrived: nothing moved"}
                self._say(f"{transfer.words}: {words.get(found.state, found.reason or 'failed')}", Severity.WARNING)
                return

    async def _history(self, currency: str, since_ns: int, otherwise: str) -> list[Transfer]:
        events = await self._pages(self._dialect.transfers(currency, max(0, since_ns)), otherwise)
        return [event.transfer for event in events if isinstance(event, FundsTransferred)]

    async def _pages(self, first: Request, otherwise: str) -> list[Event]:
        request: Request | None = first
        events: list[Event] = []
        for _ in range(MAX_PAGES):
            if request is None:
                return events
            verdict = await self._send(request)
            if verdict.outcome is not Outcome.ACK:
                raise LinkError(f"{otherwise}: {verdict.text or verdict.outcome}")
            events += verdict.events
            request = verdict.next_page
        raise LinkError(f"{otherwise}: more than {MAX_PAGES} pages")

    def _end(self, asked: Transfer, told: Transfer) -> None:
        self._tell(told, asked.key)
        body = {"key": asked.key, "state": told.state, "venue_key": told.key, "reason": told.reason}
        try:
            self._record("transfer_end", body)
        except RefusedError as error:
            self._say(f"{asked.words} is {told.state}, and {error.message}", Severity.ALARM)

    def _tell(self, transfer: Transfer, known_as: str = "") -> None:
        self._absorb([FundsTransferred(self._account.venue.name, transfer, known_as)])

    def _say(self, text: str, severity: Severity) -> None:
        self._absorb([Notice(text, severity)])


def _is_like(row: Transfer, asked: Transfer) -> bool:
    """Whether a row of the history may be the transfer that was asked for: the same money the same way, and not older."""
    same = (row.currency, row.amount, row.to_trading) == (asked.currency, asked.amount, asked.to_trading)
    return same and row.at_ns >= asked.at_ns - CLOCKS_NS


def _body(transfer: Transfer) -> dict[str, Any]:
    return {
        "key": transfer.key,
        "currency": transfer.currency,
        "amount": plain(transfer.amount),
        "to_trading": transfer.to_trading,
        "at_ns": str(transfer.at_ns),
    }


def _from_body(body: Mapping[str, Any]) -> Transfer:
    return Transfer(
        key=str(body["key"]),
        currency=str(body["currency"]),
        amount=Decimal(str(body["amount"])),
        to_trading=bool(body["to_trading"]),
        state=TransferState.UNKNOWN,
        at_ns=int(body["at_ns"]),
    )
