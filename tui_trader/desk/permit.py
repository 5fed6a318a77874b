"""Whether an entry may leave now, and if not why: every reason that does not lie in the order itself, in one sentence.

What speaks against an order by itself is ``core.risk``'s. Exits are let out whatever is said here.
"""

from __future__ import annotations

from collections.abc import Callable

from tui_trader.core.error import RefusedError
from tui_trader.core.facts import TradingState
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import InstrumentId, Taking
from tui_trader.desk.account import Account
from tui_trader.desk.controls import Controls
from tui_trader.desk.exits import Exits
from tui_trader.desk.facts import Judgement
from tui_trader.desk.sync import Sync
from tui_trader.state.store import Store
from tui_trader.storage.journal import Journal

_LOCKS = {Taking.POST_ONLY: "POST-ONLY", Taking.CANCELS: "CANCEL-ONLY", Taking.NOTHING: "MAINTENANCE"}


class Permit:
    """Lets entries out, or says why not."""

    def __init__(
        self,
        *,
        account: Account,
        store: Store,
        journal: Journal | None,
        controls: Controls,
        exits: Exits,
        sync: Sync,
        doubt: Callable[[InstrumentId], str],
        read_only: bool,
    ) -> None:
        """``doubt`` returns why nothing may rest on what is believed of an instrument; empty when it may."""
        self._account = account
        self._store = store
        self._journal = journal
        self._controls = controls
        self._exits = exits
        self._sync = sync
        self._doubt = doubt
        self._read_only = read_only
        self._shut = ""

    def shut(self, reason: str) -> None:
        """Note that the venue takes no orders at all from this account, or at present; entries are refused from here on."""
        self._shut = reason

    def reopen(self) -> bool:
        """Forget that the venue took no orders; False when it was not so. The next order asks it again."""
        was, self._shut = self._shut, ""
        return bool(was)

    @property
    def looks_only(self) -> bool:
        """Whether this terminal sends no entry at all: it was started so, or another one writes the account's journal."""
        journal = self._journal
        return self._read_only or (self._account.credential is not None and (journal is None or journal.is_held))

    @property
    def lock(self) -> str:
        """Why entries are refused altogether, in a word or two for the screen; empty while they are not."""
        if self._exits.trying:
            return "NOT VERIFIED"
        if self.looks_only or self._shut:
            return "READ-ONLY"
        if self._journal is not None and self._journal.failure:
            return "NO JOURNAL"
        state = self._controls.state
        if state is TradingState.ACTIVE:
            told = self._store.takings.get(self._account.venue.name)
            return _LOCKS.get(told.taking, "") if told is not None else ""
        return state.value.upper()

    def blocked(self, iid: InstrumentId) -> str:
        """Return why no entry in an instrument may leave now, in one sentence; empty when one may."""
        venue = self._account.venue
        if self._account.credential is None:
            return "no API key: this is a look at the market only"
        if self._read_only:
            return "read-only: this terminal was started to look, it sends no orders"
        if not venue.capabilities.trading:
            return venue.capabilities.why_not
        if self._shut:
            return f"read-only: {venue.title} takes no orders ({self._shut}); what is held is still shown, resume tries again"
        if taking := self._closed_to(None):
            return f"{taking}; cancels still work, and entries open by themselves when it does"
        if self._journal is None:
            return "read-only: this terminal has no journal to write to"
        if self._journal.failure:
            return f"{self._journal.failure}; exits still work"
        if doubt := self._doubt(iid):
            return doubt
        if not self._store.private_is_fresh(venue.name):
            return "the private stream is down or silent; exits still work"
        if not self._sync.reconciled:
            return "orders and positions are being checked after the connect; exits still work"
        if refused := self._sync.unknown(iid):
            settle = self._store.instruments[iid].settle
            return f"the venue does not tell positions in {settle} ({refused}); exits still work"
        if self._controls.state is not TradingState.ACTIVE:
            return self._controls.words()
        if not self._store.book_is_fresh(iid):
            book = self._store.book(iid)
            reason = book.reason if book and book.reason else "no news for too long"
            return f"the {iid.symbol} book is stale ({reason}); exits still work"
        return ""

    def admit(self, judgement: Judgement) -> None:
        """Let an order through or raise RefusedError with every hard objection."""
        reasons = [objection.text for objection in judgement.hard]
        instrument = self._store.instruments.get(judgement.ticket.instrument)
        if instrument is not None and (unable := self._account.venue.capabilities_of(instrument).refuse(judgement.ticket)):
            reasons.append(unable)
        if not judgement.reduces and (why := self.blocked(judgement.ticket.instrument) or self._closed_to(judgement.ticket)):
            reasons.insert(0, why)
        if reasons:
            raise RefusedError("; ".join(dict.fromkeys(reasons)))

    def _closed_to(self, ticket: OrderTicket | None) -> str:
        """Return why the venue takes no entry at present, or not this one; empty where it does."""
        told = self._store.takings.get(self._account.venue.name)
        if told is None or told.taking is Taking.ALL:
            return ""
        if told.taking is Taking.POST_ONLY:
            return "" if ticket is None or ticket.tif.only_rests else f"{told.reason}: add po"
        return told.reason

    def still(self, judgement: Judgement) -> None:
        """Look once more at the last moment: raise RefusedError when entries have ended since the order was admitted."""
        if not judgement.reduces and self._controls.state is not TradingState.ACTIVE:
            raise RefusedError(self._controls.words())
