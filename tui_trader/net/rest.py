"""Requests, sent exactly once: budget, signature, one send, one classified answer.

It must not know any venue: the dialect signs and reads. Order of operations: everything that can fail on this side happens
before the request is sent, and whatever goes wrong afterwards is UNKNOWN unless it proves that no byte of it left.

``send`` runs in the caller's task, without one of its own. A caller that may be cancelled while an order is on its way should
run it as ``task = tasks.spawn(...)`` and wait with ``asyncio.shield(task)``: the wait is then cancelled, not the order. When
the sending task itself is cancelled, or dies of a bug in a dialect, ``on_lost`` is told UNKNOWN, synchronously and before the
exception goes on, so that no write can end without its outcome being recorded.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

import aiohttp
from yarl import URL

from tui_trader import __version__
from tui_trader.core.clock import Clock
from tui_trader.core.error import LinkError, RefusedError, WireError
from tui_trader.net import endpoint
from tui_trader.net.answer import Unusable, read_capped
from tui_trader.net.limiter import Limiter
from tui_trader.net.warm import Answer, WarmLine, warm_line
from tui_trader.secrets.redactor import REDACTOR
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, OrderDialect, Outcome, Reply, Request, Verdict
from tui_trader.venues.besides import Admitting, SealingEach

CONNECT_S = 3.0
"""Longest wait for a connection: name, TCP and TLS. Shorter than the total, so that it alone can end this phase."""

TOTAL_S = 5.0
"""Longest wait for a whole exchange."""

MAX_WRITE_BODY = 1 << 20
"""Largest believable answer to a write, bytes, after decompression."""

MAX_READ_BODY = 1 << 24
"""Largest answer to a read: product lists run to megabytes."""

APART = frozenset({"candles"})
"""What is read in another thread when the answer is long: nothing but itself is needed for it, and a thousand bars take 5 ms, in
which the loop would hear no key."""

LONG_BODY = 16 << 10

MAX_STEPS = 3
"""Questions that it may take to be let in."""

CLOCK_RESOLUTION_NS = 1_000_000
"""What venues round their clocks to."""

_TARGET = re.compile(r"/[!$-;=?-Z_a-z~]*\Z", re.ASCII)
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": f"tui-trader/{__version__}"}
_KIND = "application/json"
_HEADERS_WITH_BODY = {**_HEADERS, "Content-Type": _KIND}


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """The venue's clock minus ours, in nanoseconds, known to plus or minus ``bound_ns``."""

    skew_ns: int
    bound_ns: int


class RestClient:
    """One venue's request side. Open it with ``async with``, inside a running loop."""

    def __init__(
        self,
        base_url: str,
        *,
        hosts: Collection[str],
        clock: Clock,
        limiter: Limiter,
        on_lost: Callable[[Request, Verdict], None],
        ca_file: str | None = None,
        private_addresses: bool = False,
        connect_s: float = CONNECT_S,
        total_s: float = TOTAL_S,
        read_only: bool = False,
    ) -> None:
        """Check the address against ``hosts``; raise ConfigError when it is not one that may be spoken to.

        ``private_addresses`` lets its name lead into a private network: for an address that the user gave. A client that is
        ``read_only`` refuses every write before anything of it is signed.
        """
        url = endpoint.check_url(base_url, schemes=("https", "http"), hosts=hosts)
        self.host: str = url.host or ""
        """Where it sends to, for messages."""
        self.limiter = limiter
        """The budgets that every send draws on."""
        self.counts: Counter[Outcome] = Counter()
        """How many sends ended how."""
        self.sends = 0
        """Requests handed to the network."""
        self.last_rtt_ns = 0
        """Duration of the last exchange that brought an answer."""
        self.last_used_ns = 0
        """Monotonic time of the last answer: how warm the connection is."""
        self.skew: ClockSkew | None = None
        """The last measurement of the venue's clock; None before the first."""
        self._url = url
        self._base = str(url).rstrip("/")
        self._clock = clock
        self._on_lost = on_lost
        self._trust = endpoint.Trust(ca_file, private_addresses)
        self._total_s = total_s
        self._timeout = aiohttp.ClientTimeout(total=total_s, connect=min(connect_s, total_s / 2))
        self._client: aiohttp.ClientSession | None = None
        self._warm: WarmLine | None = None
        self._server_minus_mono: int | None = None
        self._read_only = read_only
        self._door = asyncio.Lock()
        self._knocks = 0
        self._shut: Verdict | None = None
        """Why the last attempt to be let in failed; None when it did not."""

    async def __aenter__(self) -> RestClient:
        self._client = endpoint.open_client(self._url, self._timeout, self._trust)
        self._warm = warm_line(self._client, self._url, _HEADERS, _KIND, self._total_s)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. Sends that are under way end UNKNOWN."""
        client, self._client, self._warm = self._client, None, None
        if client is not None:
            await client.close()

    def server_ns(self) -> int:
        """Return the venue's wall time as best known: ours until ``sync_clock``, then immune to steps of our wall clock."""
        if self._server_minus_mono is None:
            return self._clock.wall_ns()
        return self._clock.mono_ns() + self._server_minus_mono

    async def send(self, request: Request, dialect: OrderDialect, credential: Credential | None = None) -> Verdict:
        """Sign ``request``, send it at most once and classify what came of it.

        NOT_SENT is said only when no byte can have left: a local refusal (``retry_after_s`` says how long to wait), no
        address, no connection, no trusted TLS. Raises what ``dialect.sign`` raises, and then nothing was sent either.
        """
        client = self._client
        if client is None:
            return self._end(_not_sent("closed", "the client is closed"))
        if request.signed and credential is None:
            return self._end(_not_sent("no_key", "this needs an API key and none is loaded"))
        if request.kind.is_write and self._read_only:
            return self._end(_not_sent("read_only", "this terminal is read-only"))
        if request.signed and credential is not None and _admits(dialect) and request.what != "admission":
            try:
                if (shut := await self._enter(dialect, credential, early=not request.kind.is_write)) is not None:
                    return self._end(_turned_away(shut))
                request = await self._sealed(request, dialect, credential)
                if request.orders > 1 and (shut := await self._enter(dialect, credential, early=False)) is not None:
                    return self._end(_turned_away(shut))  # the token ended while it was sealed
            except (RefusedError, LinkError) as error:
                return self._end(_not_sent("refused", error.message))
            client = self._client
            if client is None:
                return self._end(_not_sent("closed", "the client is closed"))
        target = request.target
        if not _TARGET.match(target):
            raise ValueError(f"the request target of {request.what!r} would not reach the wire as it was signed: {target!r}")
        if wait_s := self.limiter.try_take(request.group, request.weight, request.kind):
            return self._end(_over_budget(request, wait_s))
        signature: Mapping[str, str] = {}
        if credential is not None and request.signed:
            signature = dialect.sign(request, credential, self.server_ns())

        self.sends += 1
        started_ns = self._clock.mono_ns()
        try:
            verdict = await self._exchange(client, request, dialect, target, signature, started_ns)
        except BaseException:
            if request.kind.is_write:
                self._on_lost(request, self._end(_in_doubt(request, "interrupted", "the wait for the answer was interrupted")))
            raise
        if verdict.outcome is Outcome.UNKNOWN:
            verdict = replace(verdict, left_ns=started_ns)
        return self._end(verdict)

    async def admit(self, dialect: OrderDialect, credential: Credential, denied: Secret | None = None) -> Secret | None:
        """Return the token that lets in, fetched where there is none; None where the venue has none. Raises LinkError.

        ``denied`` is one that a login was refused with: the token is another then, however long that one was to be good.
        """
        if not _admits(dialect):
            return None
        if denied is not None:
            dialect.distrust(denied)
        if (shut := await self._enter(dialect, credential, early=True)) is not None:
            raise LinkError(f"{self.host} gave no token: {shut.text or shut.outcome}")
        return dialect.token(credential)

    async def _enter(self, dialect: Admitting, credential: Credential, *, early: bool) -> Verdict | None:
        """See to it that requests can be signed, one asking at a time; return the answer that says why they cannot."""
        if dialect.admission(credential, self.server_ns(), early=early) is None:
            return None
        knocks = self._knocks
        async with self._door:
            if self._knocks != knocks and self._shut is not None:
                return self._shut  # who was waiting hears what the one before was told
            for _ in range(MAX_STEPS):
                request = dialect.admission(credential, self.server_ns(), early=early)
                if request is None:
                    break
                verdict = await self.send(request, dialect, credential)  # type: ignore[arg-type]  # an OrderDialect too
                self._shut = None if verdict.outcome is Outcome.ACK else verdict
                if self._shut is not None:
                    break
            self._knocks += 1
            if self._shut is not None and dialect.admission(credential, self.server_ns(), early=False) is None:
                self._shut = None  # a renewal failed, and the token at hand is still good
            return self._shut

    async def _sealed(self, request: Request, dialect: Admitting, credential: Credential) -> Request:
        """Have the key's part written into a request; of several orders one at a time, so that the loop turns in between."""
        if request.orders == 1 or not isinstance(dialect, SealingEach):
            return dialect.seal(request, credential, self.server_ns())
        for sealed in dialect.seal_each(request, credential, self.server_ns()):
            if sealed is not None:
                return sealed
            await asyncio.sleep(0)
        raise ValueError(f"{request.what!r} was never sealed")

    async def warm(self, dialect: OrderDialect) -> Verdict:
        """Keep a connection open by asking for the time; call it when nothing was sent for about 10 s.

        Connections are used in turn, so regular calls keep each of them from growing cold.
        """
        return await self.send(dialect.server_time(), dialect)

    async def sync_clock(self, dialect: OrderDialect, samples: int = 3) -> ClockSkew:
        """Measure the venue's clock; of ``samples`` answers the quickest is believed, to half its round trip plus 1 ms.

        Raises LinkError when no answer comes and WireError when the answers carry no time.
        """
        best: tuple[int, int] | None = None  # (round trip, server clock minus monotonic clock)
        verdict = Verdict(Outcome.NOT_SENT)
        for _ in range(samples):
            before_ns = self._clock.mono_ns()
            verdict = await self.send(dialect.server_time(), dialect)
            after_ns = self._clock.mono_ns()
            if verdict.outcome is Outcome.ACK and verdict.server_ns:
                rtt_ns = after_ns - before_ns
                if best is None or rtt_ns < best[0]:
                    best = (rtt_ns, verdict.server_ns - (before_ns + rtt_ns // 2))
        if best is None:
            if verdict.outcome is Outcome.ACK:
                raise WireError(f"{self.host} answered without its time")
            raise LinkError(f"the clock of {self.host} could not be read: {verdict.text or verdict.outcome}")
        rtt_ns, self._server_minus_mono = best
        self.skew = ClockSkew(self.server_ns() - self._clock.wall_ns(), rtt_ns // 2 + CLOCK_RESOLUTION_NS)
        return self.skew

    async def _exchange(
        self,
        client: aiohttp.ClientSession,
        request: Request,
        dialect: OrderDialect,
        target: str,
        signature: Mapping[str, str],
        started_ns: int,
    ) -> Verdict:
        cap = MAX_WRITE_BODY if request.kind.is_write else MAX_READ_BODY
        try:
            answer = await self._short_way(request, target, signature, cap) or await self._whole_way(
                client, request, target, signature, cap
            )
        except Unusable as error:
            return _in_doubt(request, "unusable", f"{self.host} sent {error}")
        except (aiohttp.ClientError, OSError) as error:
            return self._trouble(request, error)
        finished_ns = self._clock.mono_ns()
        self.last_used_ns = finished_ns
        self.last_rtt_ns = finished_ns - started_ns
        status, headers, body = answer
        if 300 <= status < 400:
            return _in_doubt(request, str(status), f"{self.host} answered with a redirect, which was not followed")
        told = {name.lower(): value for name, value in headers.items()}
        reply = Reply(status, told, body, self.last_rtt_ns)
        self.limiter.hear(dialect.limits(reply))
        if request.what in APART and len(body) > LONG_BODY:
            verdict = await asyncio.to_thread(dialect.parse, request, reply)
        else:
            verdict = dialect.parse(request, reply)
        if verdict.outcome is Outcome.LIMITED:
            self.limiter.pause(request.group, verdict.retry_after_s)
        if verdict.text and verdict.outcome is not Outcome.ACK:
            verdict = replace(verdict, text=REDACTOR.clean(verdict.text))  # a refusal may repeat what it refuses
        if request.kind.is_write:
            verdict = replace(verdict, digest=hashlib.sha256(body).hexdigest())
        return verdict

    async def _short_way(self, request: Request, target: str, signature: Mapping[str, str], cap: int) -> Answer | None:
        """Send on an open connection; return None, and nothing was sent, where there is none or this is no such request."""
        warm = self._warm
        if warm is None or (written := warm.write_down(request.method, target, signature, request.body)) is None:
            return None
        connection = await warm.take()
        return None if connection is None else await warm.exchange(connection, written, cap)

    async def _whole_way(
        self, client: aiohttp.ClientSession, request: Request, target: str, signature: Mapping[str, str], cap: int
    ) -> Answer:
        """Connect, where that is needed, and send; by aiohttp's session."""
        headers = {**(_HEADERS_WITH_BODY if request.body else _HEADERS), **signature}
        url = URL(self._base + target, encoded=True)  # encoded: yarl must not rewrite what was signed
        async with client.request(
            request.method, url, data=request.body or None, headers=headers, allow_redirects=False
        ) as response:
            try:
                body = await read_capped(response.headers, response.content, cap)
            except Unusable:
                response.close()
                raise
            return Answer(response.status, response.headers, body)

    def _trouble(self, request: Request, error: Exception) -> Verdict:
        """Classify a transport failure by when it can happen."""
        if unreachable := endpoint.why_unreachable(self.host, error):
            return _not_sent(*unreachable)
        if isinstance(error, TimeoutError):
            return _in_doubt(request, "timeout", f"no answer from {self.host} in time")
        return _in_doubt(request, "broken", f"the connection to {self.host} broke before a whole answer")

    def _end(self, verdict: Verdict) -> Verdict:
        self.counts[verdict.outcome] += 1
        return verdict


def _not_sent(code: str, why: str, retry_after_s: float = 0.0) -> Verdict:
    return Verdict(Outcome.NOT_SENT, code, f"Not sent: {why}.", retry_after_s=retry_after_s)


def _turned_away(shut: Verdict) -> Verdict:
    """Return what a request is told that was not sent because the venue did not let in."""
    why = f"the venue gave no token ({shut.text.rstrip('.') or shut.outcome})"
    return replace(_not_sent(shut.code, why, shut.retry_after_s), bad_key=shut.bad_key)


def _in_doubt(request: Request, code: str, why: str) -> Verdict:
    consequence = f"; this {request.kind} may have been executed" if request.kind.is_write else ""
    return Verdict(Outcome.UNKNOWN, code, f"{why[0].upper()}{why[1:]}{consequence}.")


def _over_budget(request: Request, wait_s: float) -> Verdict:
    if math.isinf(wait_s):
        return _not_sent("local_limit", f"this weighs more than the whole {request.group!r} request budget")
    why = f"the {request.group!r} request budget is used up, the next is possible in {wait_s:.1f} s"
    return _not_sent("local_limit", why, wait_s)


def _admits(dialect: OrderDialect) -> TypeGuard[Admitting]:
    """Whether a dialect lets in by tokens: asked for every request, and a protocol is slow to answer."""
    return _kind_admits(type(dialect))


@functools.cache
def _kind_admits(kind: type) -> bool:
    return issubclass(kind, Admitting)
