"""The terminal's side of the guardian: a process of its own session that acts when the terminal ends without saying goodbye.

A pipe holds the two together. What the guardian must know, the key included, goes over it as one line of JSON, never over the
command line or the environment. When the pipe ends without the word ``clean``, the guardian carries out the policy; when its own
pipe ends, ``on_gone`` hears of it. It must not know what the policy does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import orjson

from tui_trader.core.error import LinkError
from tui_trader.desk.account import Account
from tui_trader.net.tasks import TaskSet
from tui_trader.secrets.secret import Secret
from tui_trader.secrets.surroundings import without_secrets

CLEAN = b"clean\n"
"""Said by a terminal that leaves as it should: nothing is to be done."""

READY = b"ready\n"
"""Said by a guardian that has read its charge and has in memory all that it needs."""

READY_S = 15.0
"""How long a guardian may take to be ready."""

TELL_S = 1.0
"""How often it is looked whether there are other instruments to tell of."""

MOST_SYMBOLS = 100
"""Instruments told of in one line."""

END_S = 0.5
"""How long a guardian that was released is waited for."""

COMMAND = (sys.executable, "-P", "-m", "tui_trader", "guardian")
"""How it is started; ``-P`` so that no file of the working directory is taken for a part of the program."""

_PACKAGES = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Charge:
    """Everything that a guardian is told at the start."""

    venue: str
    env: str
    label: str
    rest: str
    ws: str
    key: str
    secret: Secret
    policy: str
    """``keep`` or ``cancel_all``."""
    journal: str
    """Path of the account's journal."""
    journal_name: str
    symbols: tuple[str, ...]
    """Instruments that may have orders."""
    since: str
    """When the terminal started, RFC 3339: intents since then may be alive."""
    choices: dict[str, object] = field(default_factory=dict)
    """What the venue is built with."""

    def __repr__(self) -> str:
        return f"Charge({self.venue}/{self.label}, {self.policy})"

    @classmethod
    def of(cls, account: Account, *, policy: str, journal: Path, symbols: Sequence[str], since: str) -> Charge:
        """Return the charge for an account; raises LinkError without a key, which there is nothing to guard without."""
        if account.credential is None:
            raise LinkError("without a key there is nothing to guard")
        return cls(
            venue=account.venue.name,
            env=account.env.value,
            label=account.label,
            rest=account.endpoints.rest,
            ws=account.endpoints.ws,
            key=account.credential.key,
            secret=account.credential.secret,
            policy=policy,
            journal=str(journal),
            journal_name=account.journal_name,
            symbols=tuple(symbols),
            choices=dict(account.venue.choices),
            since=since,
        )

    @classmethod
    def read(cls, line: bytes) -> Charge:
        """Return the charge that a line tells; raises ValueError or TypeError when it tells none."""
        told = orjson.loads(line)
        if not isinstance(told, dict) or not isinstance(told.get("secret"), str):
            raise ValueError("no charge")
        return cls(**{**told, "secret": Secret(told["secret"])})

    def line(self) -> bytes:
        """Return the charge as it goes over the pipe, the secret in it: the guardian signs too."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return orjson.dumps(told | {"secret": self.secret.reveal()}) + b"\n"


class Guardian:
    """A running guardian, seen from the terminal."""

    def __init__(self, on_gone: Callable[[str], None], command: Sequence[str] = COMMAND) -> None:
        """``on_gone`` is called once, with a sentence, when the guardian ends before it was let go."""
        self.ready = False
        """Whether it has what it needs and waits."""
        self._on_gone = on_gone
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._tasks = TaskSet(self._failed)
        self._told: frozenset[str] = frozenset()
        self._heard = b""

    @property
    def _hung_up(self) -> bool:
        return self._process is not None and self._process.stdin is not None and self._process.stdin.closed

    @property
    def pid(self) -> int:
        """Its process; 0 when there is none."""
        return self._process.pid if self._process is not None else 0

    def start(self, charge: Charge, symbols: Callable[[], Iterable[str]] = tuple) -> None:
        """Start the process and tell it its charge; ``symbols`` says again and again which instruments may have orders.

        Raises LinkError when it cannot be started.
        """
        places = [str(_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={**without_secrets(os.environ), "PYTHONPATH": os.pathsep.join(places)},
                start_new_session=True,
            )
        except OSError as error:
            raise LinkError(f"the guardian could not be started: {error.strerror or error}") from error
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._told = frozenset(charge.symbols)
        os.set_blocking(process.stdin.fileno(), False)
        os.set_blocking(process.stdout.fileno(), False)
        asyncio.get_running_loop().add_reader(process.stdout.fileno(), self._hear)
        self._write(charge.line())
        self._tasks.spawn("guardian", self._keep_told(symbols))

    def say(self, symbols: Iterable[str]) -> None:
        """Tell it which other instruments may have orders now."""
        fresh = sorted(frozenset(symbols) - self._told)[:MOST_SYMBOLS]
        if fresh and self._write(orjson.dumps({"symbols": fresh}) + b"\n"):
            self._told |= frozenset(fresh)

    def release(self) -> None:
        """Let it go: the terminal leaves as it should, and nothing is to be done."""
        if self._process is not None and not self._hung_up:
            if not self._write(CLEAN):
                self._process.kill()  # it does not listen, and must not take the end of the pipe for our death
            self._hang_up()

    async def close(self) -> None:
        """Hang up; without ``release`` before, the guardian now does its work. A released one is waited for, half a second."""
        process = self._process
        released = self._hung_up
        await self._tasks.close()
        self._hang_up()
        if process is not None and released:
            for _ in range(round(END_S / 0.02)):
                if process.poll() is not None:
                    break
                await asyncio.sleep(0.02)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _keep_told(self, symbols: Callable[[], Iterable[str]]) -> None:
        """See that it becomes ready, then that it knows every instrument."""
        waited = 0.0
        while True:
            await asyncio.sleep(TELL_S)
            waited += TELL_S
            if not self.ready and waited >= READY_S:
                self._gone(f"is not ready after {READY_S:.0f} s")
                return
            self.say(symbols())

    def _hear(self) -> None:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        try:
            said = os.read(process.stdout.fileno(), 4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        self._heard = (self._heard + said)[-len(READY) :]
        if self._heard == READY:
            self.ready = True
        if not said:
            self._gone(_end_of(process))

    def _write(self, line: bytes) -> bool:
        process = self._process
        if process is None or process.stdin is None or self._hung_up:
            return False
        try:
            # Shorter than PIPE_BUF (4096) but for the charge, which finds the pipe empty: a line goes whole or not at all.
            return os.write(process.stdin.fileno(), line) == len(line)
        except OSError:
            return False  # gone, which its own pipe tells; or stopped, and then it is asked again

    def _gone(self, why: str) -> None:
        if self._process is None or self._hung_up:
            return
        self.ready = False
        self._process.kill()  # whatever is left of it must not take the end of the pipe for our death
        self._hang_up()
        self._on_gone(f"the guardian {why}: if this terminal dies now, nobody acts on its orders")

    def _hang_up(self) -> None:
        process = self._process
        if process is None:
            return
        if process.stdout is not None and not process.stdout.closed:
            asyncio.get_running_loop().remove_reader(process.stdout.fileno())
            process.stdout.close()
        if process.stdin is not None and not process.stdin.closed:
            with contextlib.suppress(OSError):
                process.stdin.close()

    def _failed(self, name: str, error: BaseException) -> None:
        self._gone(f"is no longer told of orders ({type(error).__name__})")


def _end_of(process: subprocess.Popen[bytes]) -> str:
    """Return in words how a process whose pipe has ended, ended."""
    try:
        code = process.wait(0.1)
    except subprocess.TimeoutExpired:
        return "closed its pipe"
    return f"ended by signal {-code}" if code < 0 else f"ended (exit code {code})"
