"""What the desk writes down: who acted, what was lost, what is about to happen. It decides nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

from tui_trader import __version__
from tui_trader.core.error import JournalError, RefusedError
from tui_trader.desk.account import Account
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Request, Verdict


class Minutes:
    """Writes into the journal of one account, where there is one."""

    def __init__(self, account: Account, journal: Journal | None) -> None:
        self._account = account
        self._journal = journal

    def record(self, kind: str, body: Mapping[str, Any]) -> None:
        """Write down what happened, where that can be; nothing waits for it."""
        if self._journal is not None:
            with contextlib.suppress(JournalError):
                self._journal.append(kind, body)

    def record_first(self, kind: str, body: Mapping[str, Any]) -> None:
        """Write down what is about to happen; raises RefusedError when that cannot be."""
        if self._journal is None:
            raise RefusedError("this terminal is read-only: it has no journal to write to")
        try:
            self._journal.append(kind, body)
        except JournalError as error:
            raise RefusedError(f"{error}: nothing is moved until it can be written") from error

    def session(self, event: str) -> None:
        """Write down that a run of the program begins or ends, and who acts in it."""
        account = self._account
        who = {"account": account.name, "env": account.env, "version": __version__, "pid": os.getpid(), "uid": os.getuid()}
        self.record("session", {"event": event, **who})

    def lost(self, request: Request, verdict: Verdict) -> None:
        """Write down a request whose answer was not waited for."""
        self.record("lost", {"ref": request.ref, "what": request.what, "text": verdict.text})

    def mend(self) -> bool:
        """Ask a disk that was full once more; return whether it can be written again."""
        return self._journal is not None and bool(self._journal.failure) and self._journal.retry()
