"""The exits of a position as commands and keys put them: protect, break-even, a stop or a target somewhere.

Everything here stages; nothing is sent.
"""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.command import Price, Trigger
from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import OrderType
from tui_trader.desk.desk import Desk
from tui_trader.state.cover import Cover, cover_of


class Covering:
    """Stages exits of positions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def cover(self, position: Position) -> Cover:
        """Return what stands at the venue for a leg."""
        return cover_of(position, self._desk.store.blotter.working(position.instrument))

    def protect(self, position: Position) -> None:
        """Stage the stop of the template; raises CommandError when the leg is covered."""
        cover = self.cover(position)
        if not cover.is_naked and cover.stop is not None and position.side is not None:
            at = plain(cover.stop.trigger_price or cover.stop.remaining)
            raise CommandError(
                f"{position.instrument.symbol} is covered, its stop stands at {at}", fix=", and . move it, e to break-even"
            )
        self._desk.stage.protect(position)

    def break_even(self, position: Position) -> None:
        """Stage the stop at break-even, fees both ways and funding included; raises CommandError when that makes no sense."""
        level = self._desk.resolver.break_even(position)
        stop = self.cover(position).stop
        if stop is not None and stop.trigger_price is not None and position.side is not None:
            if (stop.trigger_price - level) * position.side.sign >= 0:
                raise CommandError(
                    f"the stop {plain(stop.trigger_price)} is no worse than break-even {plain(level)}", fix=". makes it tighter"
                )
            self._movable(stop)
            self._desk.stage.shift(stop, level, "stop to break-even")
        else:
            self._desk.stage.exit(position, Trigger(Price(number=level)), target=False)

    def put(self, position: Position, trigger: Trigger, *, target: bool, portion: Decimal | None = None) -> None:
        """Stage a stop or a target: the one that stands is moved, where none stands a new one is made."""
        cover = self.cover(position)
        present = cover.target if target else cover.stop
        if present is None or portion is not None or (target and not present.type.is_conditional):
            self._desk.stage.exit(position, trigger, target=target, portion=portion)
            return
        word = "target" if target else "stop"
        if trigger.limit is not None or (trigger.source is not None and trigger.source is not present.trigger_source):
            raise CommandError(
                f"a {word} stands at {plain(present.trigger_price or present.remaining)}: only where it triggers can be changed",
                fix="cancel it first, or leave out lim and the source",
            )
        self._movable(present)
        level = self._desk.stage.writer.placed(position, trigger).price
        assert level is not None
        assert level.number is not None
        self._desk.stage.shift(present, level.number, f"move {word}")

    def _movable(self, order: Order) -> None:
        if order.type is OrderType.TRAILING_STOP:
            raise CommandError("the stop trails by itself", fix="cancel it, then sl PRICE")
        if order.pending is not None:
            raise CommandError(f"a {order.pending} of this order is still being answered", fix="wait a moment")
