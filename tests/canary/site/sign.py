"""Lets built-in exchanges hand out keys whose secrets hold the canary. Needs nothing but the program."""

from __future__ import annotations

from dataclasses import replace


def sign_with(canary: str) -> None:
    """From now on every key of every exchange in this process holds ``canary``, and stays different from every other."""
    from tui_trader.sim.server import SimServer

    plain = SimServer.add_key

    def add_key(self: SimServer, account: str) -> object:
        key = plain(self, account)
        marked = replace(key, secret=f"{canary}{key.secret[:12]}")
        self._keys[marked.key] = marked
        return marked

    SimServer.add_key = add_key  # type: ignore[method-assign,assignment]
