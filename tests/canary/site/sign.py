"""Lets built-in exchanges hand out keys whose secrets hold the canary. Needs nothing but the program."""

from __future__ import annotations

from dataclasses import replace


def sign_with(canary: str) -> None:
    """From now on every key of every exchange in this process holds ``canary``, and stays different from every other."""
    from tui_trader.sim.server import SimServer

    plain = SimServer.add_key

    def add_key(self: SimServer, account: str) -> object:
        key = plain(self, account)
        if key.secret.startswith("0x"):  # a number below 2**240: as much of the canary as fits, in hexadecimal
            secret = f"0x{canary.encode()[:26].hex()}{key.secret[-8:]}"
        else:
            secret = f"{canary}{key.secret[:12]}"
        marked = replace(key, secret=secret)
        self._keys[marked.key] = marked
        return marked

    SimServer.add_key = add_key  # type: ignore[method-assign,assignment]
