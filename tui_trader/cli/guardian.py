"""The guardian itself: waits at the end of a pipe for its terminal to die, then carries out the policy. Not for people to start.

It has no screen, no Store and no feed. It must not act while the terminal lives, nor after the terminal said goodbye. Everything
is imported before it says that it is ready: when it is needed, the program may have been replaced on the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from tui_trader.core.clock import NS, SystemClock, rfc3339
from tui_trader.core.error import JournalError, LinkError, TraderError, UsageError, WireError
from tui_trader.core.types import InstrumentId
from tui_trader.desk.account import Account
from tui_trader.desk.environment import Environment
from tui_trader.desk.guardian import CLEAN, READY, Charge
from tui_trader.desk.inquiry import SKEW_BOUND_S
from tui_trader.desk.records import OpenIntents
from tui_trader.desk.settings import OnHangup
from tui_trader.desk.sweep import Sweep
from tui_trader.net.limiter import Limiter
from tui_trader.net.rest import RestClient
from tui_trader.storage.journal import HeldError, Journal, Record, hear
from tui_trader.venues.base import Credential, Endpoints, Request, Verdict
from tui_trader.venues.registry import load_chosen

MAX_LINE = 1 << 16
"""Longest line that a terminal says, bytes."""

LOCK_S = 3.0
"""How long the journal of a terminal that is still ending is waited for; that ends in two."""

_DEAF = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGTSTP)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``guardian``."""
    parser = subparsers.add_parser("guardian", description="Started by the terminal; reads its charge from a pipe.")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the charge, wait for the end of the pipe, and act if it came without a goodbye; 0 when there was nothing to do."""
    if os.isatty(0):
        raise UsageError("the guardian is started by the terminal: see hangup.guardian in the configuration")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a secret is in memory
    for number in _DEAF:
        signal.signal(number, signal.SIG_IGN)
    hearing, saying = _detach()
    lines = _lines(hearing)
    try:
        watch = Watch.charged(next(lines, b""))
    except (ValueError, TypeError, TraderError):
        return 2
    with contextlib.suppress(OSError):  # the terminal is dead already, which the pipe will tell
        os.write(saying, READY)
    for line in lines:
        if line == CLEAN:
            return 0
        watch.hear(line)
    asyncio.run(watch.act())
    return 1


def _detach() -> tuple[int, int]:
    """Put the two pipes where nothing writes by accident; return the one to hear from and the one to speak on."""
    hearing, saying = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
    return hearing, saying


def _lines(fd: int) -> Iterator[bytes]:
    """Yield whole lines until the pipe ends or says something that no terminal of ours would."""
    rest = b""
    while piece := os.read(fd, 4096):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if len(rest) > MAX_LINE:
            return


class _Recall(OpenIntents):
    """Hears also in which instruments the terminal that died sent orders."""

    def __init__(self, since: str) -> None:
        super().__init__()
        self._since = since
        self._symbols: set[str] = set()

    @property
    def symbols(self) -> set[str]:
        """Instruments that may have orders as far as the journal knows."""
        return self._symbols | {str(body.get("symbol")) for body in self.still_open()}

    def take(self, record: Record) -> None:
        """Hear a record."""
        super().take(record)
        if record.kind == "intent" and record.at >= self._since:
            self._symbols.add(str(record.body.get("symbol")))


class Watch:
    """One terminal's charge, and what is done when that terminal is dead."""

    def __init__(self, charge: Charge) -> None:
        """Raises TraderError when the charge names no venue, or an address that may not be spoken to."""
        self._charge = charge
        self._symbols = set(charge.symbols)
        self._clock = SystemClock()
        endpoints = Endpoints(charge.rest, charge.ws)
        credential = Credential(charge.key, charge.secret)
        venue = load_chosen(charge.venue, charge.choices)
        self._account = Account(venue, Environment(charge.env), endpoints, credential, charge.label)
        self._policy = OnHangup(charge.policy)
        self._dialect = self._account.venue.orders()
        self._client = RestClient(
            charge.rest,
            hosts=self._account.hosts,
            clock=self._clock,
            limiter=Limiter(self._account.venue.rate_groups, self._clock),
            on_lost=lambda request, verdict: None,  # the next round asks what is open
        )

    @classmethod
    def charged(cls, line: bytes) -> Watch:
        """Return the watch that a first line charges with; raises ValueError, TypeError or TraderError when it is none."""
        return cls(Charge.read(line))

    def hear(self, line: bytes) -> None:
        """Take in which instruments may have orders."""
        with contextlib.suppress(ValueError, TypeError, KeyError):
            self._symbols.update(str(symbol) for symbol in orjson.loads(line)["symbols"])

    async def act(self) -> None:
        """Carry out the policy and write down what came of it."""
        recall = _Recall(self._charge.since)
        journal = await self._journal(recall)
        self._symbols |= recall.symbols
        told: dict[str, Any] = {
            "policy": self._policy,
            "symbols": sorted(self._symbols),
            "text": "the terminal ended without leaving; the guardian ended before it was done",
        }
        try:
            if self._policy is OnHangup.CANCEL_ALL:
                told |= await self._cancel_all(in_flight=journal is None or bool(recall.still_open()))
            else:
                told["text"] = "the terminal ended without leaving; orders were left at the venue"
        finally:
            self._record(journal, told)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _cancel_all(self, *, in_flight: bool) -> dict[str, Any]:
        """Cancel and verify; with ``in_flight`` not before what the terminal sent last would be refused by the venue."""
        life_s = self._dialect.expiry_s() + SKEW_BOUND_S if in_flight else 0.0
        until_ns = self._clock.mono_ns() + round(life_s * NS)
        async with self._client:
            with contextlib.suppress(LinkError, WireError):  # then our own clock must do
                await self._client.sync_clock(self._dialect, samples=1)
            sweep = Sweep(dialect=self._dialect, send=self._send, clock=self._clock)
            instruments = [InstrumentId(self._account.venue.name, symbol) for symbol in self._symbols]
            swept = await sweep.run(instruments, until_ns=until_ns)
        kept = f", {swept.stops_kept} stops kept" if swept.stops_kept else ""
        verdict = f"NOT VERIFIED: {swept.text}" if swept.unverified else f"verified: 0 open orders left{kept}"
        text = f"the terminal ended without leaving; {verdict}"
        return {"rounds": swept.rounds, "unverified": list(swept.unverified), "text": text}

    async def _send(self, request: Request) -> Verdict:
        return await self._client.send(request, self._dialect, self._account.credential)

    async def _journal(self, recall: _Recall) -> Journal | None:
        """Open the journal as soon as the dead terminal's lock is gone; None when it is not to be had."""
        path = Path(self._charge.journal)
        end_ns = self._clock.mono_ns() + round(LOCK_S * NS)
        while True:
            try:
                journal = Journal(path, self._clock, account=self._charge.journal_name, recall=recall)
            except HeldError:
                if self._clock.mono_ns() < end_ns:
                    await asyncio.sleep(0.05)
                    continue
                hear(path, recall)
                return None
            return None if journal.failure else journal

    def _record(self, journal: Journal | None, told: Mapping[str, Any]) -> None:
        """Write the result into the journal, or into a file beside it when that is not to be had."""
        if journal is not None:
            try:
                journal.append("guardian", told)
                return
            except JournalError:
                pass
            finally:
                journal.close()
        path = Path(self._charge.journal).with_suffix(".guardian")
        line = orjson.dumps({"at": rfc3339(self._clock.wall_ns()), "pid": os.getpid(), **told}) + b"\n"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(fd, line)
            os.fsync(fd)
        finally:
            os.close(fd)
