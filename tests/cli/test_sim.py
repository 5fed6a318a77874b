"""The built-in exchange on its own, as its options make it."""

from __future__ import annotations

import argparse
import json

import pytest

from tui_trader.cli import sim
from tui_trader.sim.masks.base import RestCall


@pytest.mark.parametrize(("options", "refused"), [([], False), (["--testnet-limits"], True)])
def test_strangers_share_the_budget_only_on_request(options: list[str], refused: bool) -> None:
    parser = argparse.ArgumentParser()
    sim.add_parser(parser.add_subparsers())
    server = sim._build(parser.parse_args(["sim", "--lockstep", *options]), lambda _: None)
    call = RestCall("GET", "/public/time", "", {}, b"")
    replies = [server.mask.rest(call) for _ in range(501)]
    assert {reply.status for reply in replies[:500]} == {200}
    assert replies[500].status == (429 if refused else 200)
    if refused:
        assert json.loads(replies[500].body)["code"] == "39995"
        assert int(replies[500].headers["x-ratelimit-retry-after"]) > 0
