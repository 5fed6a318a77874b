"""One look into the key store, in a process of its own: asked by a line on stdin, answered by lines on stdout. Not for people.

The answer holds the secret; the pipe to the parent is the only place that it goes to.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

from tui_trader.secrets.entry import KeyName, StoredKey, decode, encode
from tui_trader.secrets.finding import Finding, State
from tui_trader.secrets.keychain import Keychain, Unavailable

PROMPT = "prompt"
"""Said before a dialog asks the user: it takes as long as a person takes."""


def answer_of(finding: Finding) -> dict[str, Any]:
    """Return a finding as it goes over the pipe."""
    told = {"state": finding.state.value, "cause": finding.cause, "fix": finding.fix, "store": finding.store}
    return told | ({"key": encode(finding.key)} if finding.key is not None else {})


def finding_of(told: dict[str, Any], name: KeyName | None) -> Finding:
    """Return what an answer says; raises ValueError, KeyError or RefusedError when it says nothing that makes sense."""
    key = decode(name, told["key"]) if name is not None and "key" in told else None
    return Finding(State(told["state"]), str(told["cause"]), str(told["fix"]), str(told["store"]), key)


def run(asked: dict[str, Any], say: Any) -> Finding:
    """Do what was asked: ``look``, ``read``, ``store`` or ``remove``."""
    try:
        keychain = Keychain(os.environ, on_prompt=lambda: say({"event": PROMPT}))
    except Unavailable as error:
        return error.finding
    if asked["do"] == "look":
        return keychain.look()
    name = KeyName(*asked["name"])
    match asked["do"]:
        case "read":
            return keychain.read(name)
        case "remove":
            return keychain.remove(name)
        case "store":
            key: StoredKey = decode(name, asked["key"])
            return keychain.store(key)
    raise ValueError("no such errand")


def main() -> int:
    """Answer one question."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a secret is in memory
    hearing, saying = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # what libraries print, and helpers that they start, must not reach the pipe or the terminal
        os.dup2(nothing, number)

    def say(told: dict[str, Any]) -> None:
        os.write(saying, json.dumps(told).encode() + b"\n")

    with os.fdopen(hearing, "rb") as pipe:
        asked = json.loads(pipe.readline())
    say(answer_of(run(asked, say)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
