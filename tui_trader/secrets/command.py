"""A program of the user's own that prints a key: ``secret_command = ["pass", "show", "tui_trader/{venue}/{env}/{account}"]``.

It is started without a shell, bounded in time and in what it may print; what it says on stderr is thrown away.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Final

from tui_trader.core.error import RefusedError
from tui_trader.core.sanitise import sanitise
from tui_trader.secrets.child import Child, OutOfTime
from tui_trader.secrets.entry import KeyName, StoredKey, checked
from tui_trader.secrets.finding import Finding, State

LIMIT_S: Final = 10.0
MAX_OUTPUT: Final = 1 << 14
"""Bytes that it may print: far more than two lines or a small JSON object need."""

STORE: Final = "secret_command"
WANTED: Final = 'the key\'s id and its secret on two lines, or {"key": "...", "secret": "..."}'


def read_from_command(
    argv: Sequence[str], name: KeyName, environ: Mapping[str, str] = os.environ, *, limit_s: float = LIMIT_S
) -> Finding:
    """Return the key that the program prints; every other way in which it can end has its state and its cause."""
    words = [_filled(word, name) for word in argv]
    program = sanitise(words[0], 60)
    try:
        with Child(words, environ, limit_s=limit_s) as child:
            said = b""
            while piece := child.read():
                said += piece
                if len(said) > MAX_OUTPUT:
                    return _found(State.REFUSED, f"{program} printed more than {MAX_OUTPUT:,} bytes, which no key has")
            code = child.wait()
    except OutOfTime:
        return _found(State.HUNG, f"{program} did not end within {limit_s:g} s; does it wait for a passphrase?")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its words hold a zero byte"
        return _found(State.NONE, f"{program} could not be started: {reason}")
    if code:
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        return _found(State.EMPTY, f"{program} {how}", " ".join(words))
    try:
        return Finding(State.OK, store=STORE, key=_read(said, name))
    except RefusedError as error:
        return _found(State.REFUSED, f"{program} must print {WANTED}: {error.message}")


def _read(said: bytes, name: KeyName) -> StoredKey:
    """Return the key in an output; raises RefusedError, which repeats nothing of it."""
    try:
        text = said.decode().strip()
    except UnicodeDecodeError:
        raise RefusedError("what it printed is not text") from None
    if text.startswith("{"):
        try:
            told = json.loads(text)
            kid, secret = told["key"], told["secret"]
        except (ValueError, KeyError, RecursionError):
            raise RefusedError("what it printed is not that object") from None
        if not isinstance(kid, str) or not isinstance(secret, str):
            raise RefusedError("what it printed is not that object")
        return checked(name, kid, secret)
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 2:
        raise RefusedError(f"it printed {len(lines)} {'line' if len(lines) == 1 else 'lines'}")
    return checked(name, *lines)


def _filled(word: str, name: KeyName) -> str:
    for mark, value in (("{venue}", name.venue), ("{env}", name.env), ("{account}", name.account)):
        word = word.replace(mark, value)
    return word


def _found(state: State, cause: str, fix: str = "") -> Finding:
    return Finding(state, cause, fix, STORE)
