"""The door of Paradex's exchange, and what can be made to go wrong at it: tokens that end early, that lie about their end, or
that are refused. Requests are signed by StarkWare's C++."""

from __future__ import annotations

import random
from collections.abc import Mapping

import orjson
import pytest

from tests.venues.paradex import oracles
from tests.venues.paradex.starkware import CppStark
from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Key, RestCall, RestReply, Setting
from tui_trader.sim.masks.paradex import ParadexMask, mint
from tui_trader.sim.masks.paradex_gate import CHAIN
from tui_trader.sim.masks.paradex_products import paradex_instruments

START_NS = 1_763_700_000 * NS


class Clock:
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.at_ns = START_NS

    def wall_ns(self) -> int:
        return self.at_ns

    def mono_ns(self) -> int:
        return self.at_ns


class Door:
    """A mask, its clock, and a key of its account."""

    def __init__(self) -> None:
        self.clock = Clock()
        exchange = Exchange(paradex_instruments(), seed=1, start_ns=START_NS)
        exchange.open_account("trader", {"USDC": ZERO + 1_000})
        name, secret = mint(random.Random(1))
        self.key = Key(name, secret, "trader")
        self.mask = ParadexMask(Setting(exchange, {name: self.key}, self.clock, lambda _: None), CppStark())

    def ask(self, path: str, headers: Mapping[str, str], method: str = "GET") -> RestReply:
        return self.mask.rest(RestCall(method, f"/v1{path}", "", headers, b""))

    def knock(self) -> RestReply:
        now = self.clock.at_ns // NS
        message = {"method": "POST", "path": "/v1/auth", "body": "", "timestamp": now, "expiration": now + 60}
        digest = oracles.ccxt_hash(CHAIN, self.key.key, "Request", oracles.REQUEST_TYPES, message)
        r, s = oracles.cpp_signature(digest, int(self.key.secret, 16))
        headers = {
            "PARADEX-STARKNET-ACCOUNT": self.key.key,
            "PARADEX-STARKNET-SIGNATURE": f'["{r}","{s}"]',
            "PARADEX-TIMESTAMP": str(now),
            "PARADEX-SIGNATURE-EXPIRATION": str(now + 60),
        }
        return self.ask(f"/auth/{hex(oracles.cpp_public_key(int(self.key.secret, 16)))}", headers, "POST")

    def enter(self) -> str:
        reply = self.knock()
        assert reply.status == 200, reply.body
        return str(orjson.loads(reply.body)["jwt_token"])

    def lets_in(self, token: str) -> bool:
        reply = self.ask("/account", {"Authorization": f"Bearer {token}"})
        assert reply.status in (200, 401)
        return reply.status == 200


def test_a_token_is_good_for_five_minutes_and_not_a_second_more() -> None:
    door = Door()
    token = door.enter()
    door.clock.at_ns += 299 * NS
    assert door.lets_in(token)
    door.clock.at_ns += NS
    assert not door.lets_in(token)
    assert door.lets_in(door.enter())


@pytest.mark.parametrize("frank", [True, False])
def test_a_token_may_end_early_and_may_lie_about_it(frank: bool) -> None:
    door = Door()
    door.mask.gate.life_s, door.mask.gate.frank = 20, frank
    token = door.enter()
    claims = oracles.claims(token)
    assert claims["exp"] - claims["iat"] == (20 if frank else 300)
    door.clock.at_ns += 21 * NS
    assert not door.lets_in(token)


def test_tokens_that_were_given_can_be_forgotten_all_at_once() -> None:
    door = Door()
    tokens = [door.enter(), door.enter()]
    assert all(map(door.lets_in, tokens))
    door.mask.gate.forget()
    assert not any(map(door.lets_in, tokens))


@pytest.mark.parametrize(("code", "status"), [("SERVICE_UNAVAILABLE", 503), ("INVALID_SUBKEY", 400)])
def test_no_token_is_given_while_the_door_is_shut(code: str, status: int) -> None:
    door = Door()
    token = door.enter()
    door.mask.gate.shut = code
    reply = door.knock()
    assert (reply.status, orjson.loads(reply.body)["error"]) == (status, code)
    assert door.lets_in(token), "what was given before is still good"
    door.mask.gate.shut = ""
    assert door.lets_in(door.enter())
