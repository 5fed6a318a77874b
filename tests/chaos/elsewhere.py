"""The fault matrix on other venues' protocols: its rows with their requests in them, without those they cannot be asked.

``python -m tests.chaos.elsewhere`` plays them all; the test run plays some of those that do not wait.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tests.chaos.cases import TABLE, VENUES, Case, read_table
from tests.chaos.play import play_all
from tests.chaos.stand import Ground
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.products import mexc_instruments

PHEMEX_OWN = {
    '{"': "an answer or a frame of Phemex's",
    "$ZERO": "a frame of Phemex's",
    "$EXECUTION": "a frame of Phemex's",
    "_p": "a channel of Phemex's",
    "/g-": "a path of Phemex's",
    "/public/": "a path of Phemex's",
    "/api-data/": "a path of Phemex's",
    "/md/": "a path of Phemex's",
    "BTCUSDT": "a symbol of Phemex's",
    "within 16 ": "the silence that is borne is Phemex's",
    "market24h": "a channel of Phemex's",
    "user.auth": "a frame of Phemex's",
    "20004": "a code of Phemex's",
    "local_limit": "no header tells what is left of a budget",
    "while away": "no snapshot tells what became of an order that is less than a second old: it is asked after a little later",
}
"""What a row has in it that no other venue has, and why."""


@dataclass(frozen=True, slots=True)
class Abroad:
    """Another venue: its contract, what the matrix's names of requests are in its words, and what cannot be asked of it."""

    ground: Ground
    names: Mapping[str, str]
    not_asked: Mapping[str, str]
    flags: Mapping[str, str] = field(default_factory=dict)
    """Of rows that are not asked, with the reason."""


ABROAD = {
    "mexc": Abroad(
        Ground(mexc_instruments(("BTC_USDT",))[0], Decimal(1), Decimal(10), Decimal(1_000_000)),
        {
            "CREATE": "POST /api/v1/private/order/create",
            "CANCEL": "POST /api/v1/private/order/cancel",
            "FILLS": "GET /api/v1/private/order/list/order_deals",
            "DEAF": "in push.personal x*: drop",
        },
        {
            **PHEMEX_OWN,
            "amend": "orders are not changed in place",
            "$AMEND": "orders are not changed in place",
            "answer exists": "an id that exists returns its order",
            "in tt-a: drop": "executions and orders are told by frames of their own",
            "in tt-a x3: drop": "executions and orders are told by frames of their own",
        },
    ),
    "paradex": Abroad(
        Ground(paradex_instruments()[0], Decimal(1), Decimal(10), Decimal(1_000_000)),
        {
            "CREATE": "POST /v1/orders",
            "AMEND": "PUT /v1/orders/",
            "CANCEL": "DELETE /v1/orders/",
            "FILLS": "GET /v1/fills",
            "DEAF": 'in .ALL","data" x*: drop',
        },
        {
            **PHEMEX_OWN,
            "in tt-a: drop": "executions and orders are told by frames of their own",
            "in tt-a x3: drop": "executions and orders are told by frames of their own",
            "12 key revoked": "a row of its own: the token of before is refused first",
            "12 key revoked, then a reconnection": "the stream lets in by a token, for as long as that is good",
        },
        {"hedged": "there is one position a market"},
    ),
}


EVERY = {"mexc": 3, "paradex": 6}
"""One in so many of the rows that are not a venue's own is played by the test run, all by the command."""


def rows(venue: str) -> tuple[list[Case], dict[str, str]]:
    """Return the rows that are played at a venue, and why each of the others is not."""
    abroad = ABROAD[venue]
    kept: list[str] = []
    left: dict[str, str] = {}
    for line in TABLE.read_text().splitlines():
        if line.startswith("let "):
            name = line.removeprefix("let ").partition(" = ")[0]
            kept.append(f"let {name} = {abroad.names[name]}" if name in abroad.names else line)
            continue
        cells = [cell.strip() for cell in line.split(" | ")]
        if len(cells) != 6 or line.startswith("#"):
            continue
        flags = set(cells[2].split())
        if flags & set(VENUES) and venue not in flags:
            left[f"{cells[0]} {cells[1]}"] = "it is about another venue"
            continue
        why = abroad.not_asked.get(f"{cells[0]} {cells[1]}", "")
        if not flags & set(VENUES):
            why = why or next(
                (reason for word, reason in abroad.not_asked.items() if any(word in cell for cell in cells[2:])), ""
            )
        why = why or next((abroad.flags[flag] for flag in flags if flag in abroad.flags), "")
        if why:
            left[f"{cells[0]} {cells[1]}"] = why
        else:
            kept.append(line)
    return [case for case in read_table("\n".join(kept)) if case.is_played], left


def play_at(venue: str, cases: list[Case], folder: Path) -> dict[str, BaseException | None]:
    """Play rows at a venue; return what came of each."""
    return asyncio.run(play_all(cases, folder, ABROAD[venue].ground))


def main() -> int:
    """Play every row; returns 1 when one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.elsewhere", description=__doc__)
    parser.add_argument("--venue", choices=sorted(ABROAD), action="append", help="where (default: everywhere)")
    parser.add_argument("rows", nargs="*", metavar="N", help="only these rows")
    args = parser.parse_args()
    bad = 0
    for venue in args.venue or sorted(ABROAD):
        cases = [case for case in rows(venue)[0] if not args.rows or str(case.row) in args.rows]
        with tempfile.TemporaryDirectory(prefix="elsewhere-") as name:
            outcomes = play_at(venue, cases, Path(name))
        failed = {case: error for case, error in outcomes.items() if error is not None}
        for case, error in failed.items():
            print(f"{venue} {case}\n{type(error).__name__}: {error}\n", file=sys.stderr)
        print(f"{venue}: {len(outcomes) - len(failed)} of {len(outcomes)} rows passed", file=sys.stderr)
        bad += len(failed)
    return 1 if bad else 0


def sample(venue: str) -> list[Case]:
    """Return what the test run plays: the venue's own rows that wait for nothing, and some of the others."""
    quick = [case for case in rows(venue)[0] if not case.flags & {"slow", "alone"}]
    own = [case for case in quick if venue in case.flags]
    return own + [case for case in quick if case not in own][:: EVERY[venue]]


if __name__ == "__main__":
    sys.exit(main())
