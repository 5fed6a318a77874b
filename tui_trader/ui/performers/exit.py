"""Exits: close, protect, break-even, stops and targets moved by ticks, flatten. Of these only a reversal opens
anything, and it waits on the stage."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from tui_trader.core.command import Price
from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.error import CommandError
from tui_trader.core.types import InstrumentId, OrderType, Severity
from tui_trader.ui.performers.bench import Bench, Performer

_PARTS = (25, 50, 75, 100)
_STEPS = ("stop.looser", "stop.tighter", "stop.looser10", "stop.tighter10", "target.nearer", "target.further")


class Exit:
    """Takes positions off, or makes them safer."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._stage = bench.desk.stage

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        found: dict[str, Performer] = {
            "protect": self._protect,
            "break_even": self._break_even,
            "close": self.stage_close,
            "flatten.symbol": self._flatten,
            "reverse": self.reverse,
        }
        found |= {f"close.{percent}": partial(self._part, percent) for percent in _PARTS}
        return found | {name: partial(self._nudge, *name.split(".")) for name in _STEPS}

    def stage_close(self) -> None:
        """Stage a close of the whole leg at market."""
        self._stage.close(self._bench.position(), HUNDRED)
        self._unseen_close()

    def _part(self, percent: int) -> None:
        """Change a staged close to another share of the position."""
        self._stage.close_part(percent)
        self._unseen_close()

    def _unseen_close(self) -> None:
        """Say what share is staged where there is no ticket to see it in."""
        draft = self._stage.draft
        if draft is not None and draft.trigger is None and not self._bench.surface.tradable:
            text = f"{draft.title} {draft.instrument.symbol} at market: Enter sends, Esc drops"
            self._bench.surface.say(text, Severity.WARNING)

    def reverse(self) -> None:
        """Stage a position turned around, and say both legs of it."""
        bench, position = self._bench, self._bench.position()
        iid = bench.need(position.instrument)
        if iid != bench.desk.focus:
            bench.surface.show_instrument(iid)
        if why := bench.desk.blocked(iid):
            raise CommandError(f"a reversal ends in an entry: {why}", fix="x closes")
        draft = self._stage.reverse(position)
        word = "long" if position.signed_qty > 0 else "short"
        unit = bench.desk.resolver.instrument(iid).size_unit
        size = f"{plain(position.qty)} {unit}"
        bench.surface.say(
            f"reverse {iid.symbol}: closes {word} {size} at market, then {draft.side}s {size}: Enter sends both", Severity.WARNING
        )

    def _protect(self) -> None:
        self._bench.executor.protect(self._bench.position())
        self._bench.unseen("the stop of the template")

    def _break_even(self) -> None:
        stage, position = self._stage, self._bench.position()
        draft = stage.draft
        if draft is not None and draft.closes and draft.trigger is not None and not draft.touch:
            level = self._bench.desk.resolver.break_even(position)
            stage.draft = replace(draft, trigger=replace(draft.trigger, price=Price(number=level), multiple=None))
            return
        self._bench.executor.break_even(position)
        self._bench.unseen("the stop at break-even")

    def _nudge(self, word: str, step: str) -> None:
        """Move the staged exit; with nothing staged the one at the venue, soon and once for presses that follow each other."""
        bench, stage, target = self._bench, self._stage, word == "target"
        ticks = 10 if step.endswith("10") else 1
        backwards = step.startswith(("looser", "nearer"))  # against what the position gains
        if stage.draft is not None:
            side = stage.draft.side.opposite if stage.draft.closes else stage.draft.side
            stage.nudge_exit(-ticks * side.sign if backwards else ticks * side.sign, target=target)
            return
        position = bench.position()
        cover = bench.executor.cover(position)
        order = cover.target if target else cover.stop
        level = bench.desk.nudges.level(order) if order is not None else None
        if order is None or level is None or position.side is None:
            fix = "p protects it" if not target else ":tp PRICE"
            raise CommandError(f"{position.instrument.symbol} has no {word} at the venue", fix=fix)
        if order.type is OrderType.TRAILING_STOP:
            raise CommandError("the stop trails by itself", fix=":cancel it, then :sl PRICE")
        instrument = bench.desk.resolver.instrument(position.instrument)
        sign = -position.side.sign if backwards else position.side.sign
        moved = level.price + instrument.tick * ticks * sign
        if moved <= 0:
            return
        bench.desk.nudges.press(order, level._replace(price=moved))
        standing = order.price if level.by_price else order.trigger_price
        bench.surface.say(f"{word} {plain(standing or level.price)} -> {plain(moved)}")

    def _flatten(self) -> None:
        bench = self._bench
        iid = bench.shown(bench.desk.focus)
        orders = len(bench.desk.store.blotter.working(iid))
        legs = [p for p in bench.desk.store.open_positions() if p.instrument == iid]
        if not bench.twice.press("flatten.symbol"):
            what = " and ".join(f"close {'long' if leg.signed_qty > 0 else 'short'} {leg.qty}" for leg in legs)
            bench.surface.say(
                f"X again: cancel {orders} orders{' and ' + what if what else ''} of {iid.symbol}", Severity.WARNING
            )
            return
        bench.surface.run("flatten", self._flatten_now(iid))

    async def _flatten_now(self, iid: InstrumentId) -> None:
        problem = await self._bench.desk.flatten(iid)
        if problem:
            self._bench.surface.say(f"flatten {iid.symbol}: {problem}", Severity.ALARM)
        else:
            self._bench.surface.say(f"{iid.symbol}: orders cancelled, closing order sent")
