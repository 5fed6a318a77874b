"""An exchange, ready to serve: instruments, market, one funded account, a mask."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from tui_trader.core.clock import Clock
from tui_trader.core.error import UsageError
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.market import PROFILES, SeededFlow
from tui_trader.sim.masks.mexc import MexcMask
from tui_trader.sim.masks.paradex import ParadexMask, mint
from tui_trader.sim.masks.paradex_products import PROFILES as PARADEX_PROFILES
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import mexc_instruments, phemex_coin_instruments, phemex_instruments
from tui_trader.sim.server import SimServer

ACCOUNT = "sim"

LOCKSTEP_START_NS = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z: a run that is to be repeated cannot start at whatever time it is."""

DEFAULT_BALANCE = Decimal(10_000)

COIN_BALANCES = {"BTC": Decimal("0.1"), "ETH": Decimal(3), "USD": Decimal(10_000)}
"""What the COIN-M trading accounts hold: about as much as the others."""

WALLET = {"USDT": Decimal(1_000), "BTC": Decimal("0.02")}
"""What lies beside the trading accounts, to be transferred."""


VENUES = ("mexc", "paradex", "phemex")
"""Whose protocols the exchange speaks."""

MEXC_PROFILES = {
    "BTC_USDT": PROFILES["BTCUSDT"],
    "ETH_USDT": PROFILES["ETHUSDT"],
    "SOL_USDT": PROFILES["SOLUSDT"],
    "XRP_USDT": PROFILES["XRPUSDT"],
    "BTC_USDC": PROFILES["BTCUSDC"],
    "BTC_USD": PROFILES["BTCUSDT"],
}
"""How its contracts move in MEXC's clothes."""


def build_server(
    *,
    seed: int,
    clock: Clock,
    balance: Decimal = DEFAULT_BALANCE,
    speed: float = 1.0,
    port: int = 0,
    lockstep: bool = False,
    market: Path | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
    shared_limits: bool = False,
    venue: str = "phemex",
) -> SimServer:
    """Return a server that is not started. ``market`` is a recording to replay; None moves prices by seeded order flow.

    ``shared_limits`` has it answer as a testnet does where strangers use up a budget that all share.

    ``venue`` is whose protocol it speaks, and whose contracts it lists.

    Raises WireError when the recording cannot be read, UsageError for a venue that it does not speak for.
    """
    if venue not in VENUES:
        raise UsageError(f"the built-in exchange does not speak for {venue!r}; it does for: {', '.join(VENUES)}")
    start_ns = LOCKSTEP_START_NS if lockstep else clock.wall_ns()
    if market is not None and venue != "phemex":
        raise UsageError("recordings are of Phemex: --market needs --venue phemex")
    if venue == "paradex":
        flow_of = SeededFlow(PARADEX_PROFILES, tuple(PARADEX_PROFILES))
        exchange = Exchange(paradex_instruments(), seed=seed, start_ns=start_ns, flow=flow_of)
        exchange.open_account(ACCOUNT, {"USDC": balance}, {})
        return SimServer(
            exchange,
            ParadexMask,
            account=ACCOUNT,
            seed=seed,
            port=port,
            speed=speed,
            lockstep=lockstep,
            clock=clock,
            on_event=on_event,
            mint=mint,
        )
    if venue == "mexc":
        flow_of = SeededFlow(MEXC_PROFILES, ("BTC_USDT", "ETH_USDT"))
        exchange = Exchange(mexc_instruments(), seed=seed, start_ns=start_ns, flow=flow_of)
        exchange.open_account(ACCOUNT, {"USDT": balance, "USDC": balance, "BTC": COIN_BALANCES["BTC"]}, WALLET)
        return SimServer(
            exchange,
            MexcMask,
            account=ACCOUNT,
            seed=seed,
            port=port,
            speed=speed,
            lockstep=lockstep,
            clock=clock,
            on_event=on_event,
        )
    if market is None:
        contracts = [*phemex_instruments(), *phemex_coin_instruments()]
        exchange = Exchange(contracts, seed=seed, start_ns=start_ns, flow=SeededFlow())
    else:
        from tui_trader.sim.replay import ReplayFlow

        flow = ReplayFlow(market, speed)
        listed = {one.symbol: one for one in (*phemex_instruments(), *phemex_coin_instruments(), *flow.instruments)}
        exchange = Exchange(list(listed.values()), seed=seed, start_ns=start_ns, flow=flow)
    exchange.open_account(ACCOUNT, {"USDT": balance, "USDC": balance, **COIN_BALANCES}, WALLET)
    return SimServer(
        exchange,
        PhemexMask,
        account=ACCOUNT,
        seed=seed,
        port=port,
        speed=speed,
        lockstep=lockstep,
        clock=clock,
        on_event=on_event,
        shared_limits=shared_limits,
    )
