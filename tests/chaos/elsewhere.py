"""The fault matrix on another venue's protocol: its rows with that venue's requests in them, without those it cannot be asked.

``python -m tests.chaos.elsewhere`` plays them all; the test run plays those that do not wait.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from tests.chaos.cases import TABLE, Case, read_table
from tests.chaos.play import play_all
from tests.chaos.stand import Ground
from tui_trader.sim.products import mexc_instruments

MEXC = Ground(mexc_instruments(("BTC_USDT",))[0], Decimal(1), Decimal(10), Decimal(1_000_000))

NAMES = {
    "CREATE": "POST /api/v1/private/order/create",
    "CANCEL": "POST /api/v1/private/order/cancel",
    "FILLS": "GET /api/v1/private/order/list/order_deals",
    "DEAF": "in push.personal x*: drop",
}
"""What the matrix calls Phemex's requests, in MEXC's."""

NOT_ASKED = {
    "amend": "orders are not changed in place",
    "$AMEND": "orders are not changed in place",
    "$ZERO": "a frame of Phemex's",
    "$EXECUTION": "a frame of Phemex's",
    '{"': "an answer or a frame of Phemex's",
    "_p": "a channel of Phemex's",
    "/g-": "a path of Phemex's",
    "/public/": "a path of Phemex's",
    "/api-data/": "a path of Phemex's",
    "/md/": "a path of Phemex's",
    "answer exists": "an id that exists returns its order",
    "BTCUSDT": "a symbol of Phemex's",
    "within 16 ": "the silence that is borne is Phemex's",
    "market24h": "a channel of Phemex's",
    "user.auth": "a frame of Phemex's",
    "20004": "a code of Phemex's",
    "local_limit": "no header tells what is left of a budget",
    "in tt-a: drop": "executions and orders are told by frames of their own",
    "while away": "no snapshot tells what became of an order that is less than a second old: it is asked after a little later",
}
"""What a row that is not played has in it, and why."""


def rows() -> tuple[list[Case], dict[str, str]]:
    """Return the rows that are played, and why each of the others is not."""
    kept: list[str] = []
    left: dict[str, str] = {}
    for line in TABLE.read_text().splitlines():
        if line.startswith("let "):
            name = line.removeprefix("let ").partition(" = ")[0]
            kept.append(f"let {name} = {NAMES[name]}" if name in NAMES else line)
            continue
        cells = [cell.strip() for cell in line.split(" | ")]
        if len(cells) != 6 or line.startswith("#"):
            continue
        why = next((reason for word, reason in NOT_ASKED.items() if any(word in cell for cell in cells[2:])), "")
        if why:
            left[f"{cells[0]} {cells[1]}"] = why
        else:
            kept.append(line)
    return [case for case in read_table("\n".join(kept)) if case.is_played], left


def main() -> int:
    """Play every row; returns 1 when one failed."""
    wanted = sys.argv[1:]
    cases = [case for case in rows()[0] if not wanted or str(case.row) in wanted]
    with tempfile.TemporaryDirectory(prefix="elsewhere-") as name:
        outcomes = asyncio.run(play_all(cases, Path(name), MEXC))
    failed = {case: error for case, error in outcomes.items() if error is not None}
    for case, error in failed.items():
        print(f"{case}\n{type(error).__name__}: {error}\n", file=sys.stderr)
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} rows passed", file=sys.stderr)
    return 1 if failed else 0


def quick() -> list[Case]:
    """Return the rows that the test run plays: those that wait for nothing."""
    return [case for case in rows()[0] if not case.flags & {"slow", "alone"}]


if __name__ == "__main__":
    sys.exit(main())
