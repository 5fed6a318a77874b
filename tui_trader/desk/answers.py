"""Answers to questions: what a size would be, a calculation, the limits, the connections, what runs. They change nothing."""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.command import Calculate, Chase, PlaceOrder, PriceRef, Scale, UseAccount
from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError
from tui_trader.core.language.calculation import evaluate, spell_expression
from tui_trader.core.types import InstrumentId
from tui_trader.desk.desk import Desk
from tui_trader.desk.draft import StageView
from tui_trader.desk.meaning import phrases

_REFS = {str(ref): ref for ref in PriceRef}
_HOW = {"paper": "--env sim", "live": "--env live"}


class Answers:
    """Looks things up for a person."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def order(self, iid: InstrumentId, command: PlaceOrder | Scale | Chase) -> StageView:
        """Return what an order would be now; what is staged stays staged."""
        stage = self._desk.stage
        staged = stage.draft
        try:
            stage.put(iid, command)
            view = stage.view()
        finally:
            stage.draft = staged
        assert view is not None
        return view

    def would_be(self, iid: InstrumentId, command: PlaceOrder | Scale | Chase) -> str:
        """Say what an order would be, and everything that speaks against it; raises CommandError when it cannot be one."""
        view = self.order(iid, command)
        if view.problem:
            raise CommandError(view.problem, fix=view.fix)
        more = [f"! {objection.text}" for objection in view.objections[1:]]
        return "; ".join([f"{iid.symbol}: nothing is sent", *phrases(view), *more])

    def calculate(self, command: Calculate, iid: InstrumentId | None) -> str:
        """Return a calculation and its result."""
        result = evaluate(command.expression, lambda name: self._worth(name, iid))
        return f"{spell_expression(command.expression)} = {result.text}"

    def _worth(self, name: str, iid: InstrumentId | None) -> Decimal:
        desk = self._desk
        if iid is None:
            raise CommandError(f"no symbol is on the screen to take {name} from", fix="symbol BTCUSDT")
        instrument = desk.resolver.instrument(iid)
        if name in _REFS:
            return desk.resolver.reference(iid, _REFS[name])
        if name in ("tick", "lot"):
            return instrument.tick if name == "tick" else instrument.lot
        if name == "atr":
            return desk.resolver.true_range(iid)
        if name in ("qty", "lev"):
            position = desk.resolver.position(iid)
            if position is None:
                raise CommandError(f"there is no {iid.symbol} position to take {name} from")
            return position.signed_qty if name == "qty" else position.leverage
        pnl = desk.store.pnl(instrument.settle)
        if pnl is None:
            raise CommandError(f"the {instrument.settle} balance is not known yet")
        if name in ("equity", "day", "upnl") and not pnl.complete:
            raise CommandError(f"{name} cannot be relied on: a mark price is missing or old")
        return {"equity": pnl.equity, "avail": pnl.available, "day": pnl.day, "upnl": pnl.unrealised}[name]

    def limits(self) -> str:
        """Say the limits that entries are held against, and what the day has used of its own."""
        limits, store = self._desk.facts.limits, self._desk.store
        parts = [
            f"order {plain(limits.order_notional)}",
            f"position {plain(limits.position_notional)}",
            f"all {plain(limits.gross_notional)} USD",
            f"orders {len(store.blotter.working())} of {limits.open_orders}",
            f"price within {plain(limits.band_percent)}% of the mark",
            f"{limits.per_second} a second, {limits.per_minute} a minute",
        ]
        if pace := self._desk.pace.words():
            parts.append(pace)
        if limits.day_loss is not None:
            facts = self._desk.facts.gather(self._desk.focus) if self._desk.focus is not None else None
            used = "?" if facts is None or facts.day_pnl is None else f"{facts.day_pnl:+,.2f}"
            parts.append(f"day {used} of -{plain(limits.day_loss)}")
        return f"limits: {', '.join(parts)}; {self._desk.controls.words() or 'entries may leave'}"

    def connections(self) -> str:
        """Say how each connection is, and how long orders take."""
        desk = self._desk
        parts = []
        for link in desk.store.links.values():
            words = link.state.value + (f" ({link.reason})" if link.reason and not link.is_live else "")
            parts.append(f"{link.lane} {words}")
        median = desk.store.order_rtt.quantile_us(0.5)
        parts.append("no order timed yet" if median is None else f"orders {median / 1000:.0f} ms")
        parts.append("orders and positions known" if desk.reconciled else "orders and positions not checked yet")
        blocked = desk.blocked(desk.focus) if desk.focus is not None else ""
        if blocked:
            parts.append(f"entries blocked: {blocked}")
        return f"{desk.account.badge} {desk.account.name}: {', '.join(parts)}"

    def elsewhere(self, command: UseAccount) -> str:
        """Say where this terminal is connected; raises CommandError with the way to another place."""
        account = self._desk.account
        here = f"connected to {account.badge} {account.name}"
        own = {"": account.venue.name, "acct": account.label}
        if command.name.lower() == own.get(command.environment):
            return here
        is_paper = account.ends_with_program or account.badge == "SIM"
        if command.environment and (command.environment == "paper") is is_paper and command.name in ("", account.label):
            return here
        if command.environment == "acct":
            how = f"--beside {account.venue.name}/{command.name}"
        elif command.environment:
            how = _HOW[command.environment] + (f" --account {command.name}" if command.name else "")
        else:
            how = f"--beside {command.name}"
        raise CommandError(f"{here}, and nowhere else", fix=f"tui-trader {how}")

    def running(self) -> list[str]:
        """Return one line for everything that can be ended by number."""
        rows = [f"{run.what} {run.number}: {run.text}" for run in self._desk.runs.rows()]
        rows += self._desk.attention.listed()
        return rows or ["nothing runs and nothing is watched for"]
