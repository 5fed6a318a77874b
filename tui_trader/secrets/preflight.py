"""Asks the key store from a safe distance: in a child process that is killed when it does not answer in time.

It runs before the terminal is taken over. A keyring that hangs blocks its caller for ever, and one that asks on the terminal
would fight with the screen for the keys.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tui_trader.core.error import RefusedError
from tui_trader.secrets.child import Child, OutOfTime
from tui_trader.secrets.entry import KeyName, StoredKey, encode
from tui_trader.secrets.errand import PROMPT, finding_of
from tui_trader.secrets.finding import Finding, State
from tui_trader.secrets.keychain import KILL, UNLOCK, VAULT

LIMIT_S: Final = 5.0
"""How long the store may take to answer."""

PROMPT_S: Final = 60.0
"""How long a person may take to type a password into a dialog of the desktop."""

MAX_ANSWER: Final = 1 << 16

_COMMAND = (sys.executable, "-P", "-m", "tui_trader.secrets.errand")
_PACKAGES = Path(__file__).resolve().parents[2]


class Preflight:
    """The system's key store, as the program asks it."""

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        *,
        limit_s: float = LIMIT_S,
        on_prompt: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_prompt`` is called when a dialog of the desktop waits for the user."""
        self._environ = environ
        self._limit_s = limit_s
        self._on_prompt = on_prompt

    def look(self) -> Finding:
        """Say whether the store is open."""
        return self._ask({"do": "look"}, None)

    def read(self, name: KeyName) -> Finding:
        """Look for a key."""
        return self._ask({"do": "read"}, name)

    def store(self, key: StoredKey) -> Finding:
        """Store a key and read it back."""
        return self._ask({"do": "store", "key": encode(key)}, key.name)

    def remove(self, name: KeyName) -> Finding:
        """Remove a key."""
        return self._ask({"do": "remove"}, name)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _ask(self, question: dict[str, Any], name: KeyName | None) -> Finding:
        if name is not None:
            question["name"] = [name.venue, name.env, name.account]
        places = [str(_PACKAGES), *filter(None, [self._environ.get("PYTHONPATH")])]
        environ = {**self._environ, "PYTHONPATH": os.pathsep.join(places)}
        try:
            with Child(_COMMAND, environ, limit_s=self._limit_s, told=json.dumps(question).encode() + b"\n") as child:
                return finding_of(json.loads(self._hear(child)), name)
        except OutOfTime:
            cause = f"the keyring did not answer within {self._limit_s:g} seconds"
            return Finding(State.HUNG, cause, f"{KILL}; {UNLOCK}")
        except OSError as error:
            return Finding(State.NONE, f"no process could be started to ask the keyring ({error.strerror})", VAULT)
        except RefusedError as error:
            return Finding(State.REFUSED, error.message)
        except (ValueError, KeyError, TypeError):
            return Finding(State.NONE, "the process that asks the keyring ended without an answer", VAULT)

    def _hear(self, child: Child) -> bytes:
        """Return the answer, an empty one when the process ended without."""
        heard = b""
        while len(heard) < MAX_ANSWER and (piece := child.read()):
            heard += piece
            while b"\n" in heard:
                line, heard = heard.split(b"\n", 1)
                if not _is_prompt(line):
                    return line
                child.allow(max(PROMPT_S, self._limit_s))
                self._on_prompt()
        return b""


def _is_prompt(line: bytes) -> bool:
    try:
        told = json.loads(line)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("event") == PROMPT
