"""Entries: keys that stage one, and keys that change what is staged. None of them sends."""

from __future__ import annotations

from functools import partial

from tui_trader.core.command import Price, PriceRef
from tui_trader.core.types import Side, TimeInForce
from tui_trader.ui.performers.bench import Bench, Performer

_PRICE_STEPS = {"up": 1, "down": -1, "up10": 10, "down10": -10}
_PRESETS = range(1, 6)


class Entry:
    """Stages entries at the touch, across it, or at the ladder's cursor."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._stage = bench.desk.stage

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        stage = self._stage
        found: dict[str, Performer] = {
            "bracket": stage.toggle_bracket,
            "post_only": stage.toggle_post_only,
            "reduce_only": stage.toggle_reduce_only,
            "tif": stage.cycle_tif,
            "market": stage.toggle_market,
            "drop": stage.drop,
            "size.up": partial(stage.nudge_size, 1),
            "size.down": partial(stage.nudge_size, -1),
        }
        for side in Side:
            found[f"join.{side}"] = partial(self.join, side)
            found[f"cross.{side}"] = partial(self.cross, side)
        found |= {f"price.{word}": partial(stage.nudge_price, ticks) for word, ticks in _PRICE_STEPS.items()}
        found |= {f"preset.{number}": partial(self._preset, number) for number in _PRESETS}
        return found

    def join(self, side: Side) -> None:
        """Stage an order at the near touch, or at the price under the cursor."""
        self._stage.join(self._bench.need(self._bench.desk.focus), side)
        if (price := self._bench.surface.cursor_price()) is not None:
            self._stage.set_price(Price(number=price))

    def cross(self, side: Side) -> None:
        """Stage an order that takes, with the slippage cap."""
        self._stage.cross(self._bench.need(self._bench.desk.focus), side)

    def take(self, side: Side) -> None:
        """Stage an order for what stands at the far touch, and no worse: what is not there any more is not filled."""
        self._stage.join(self._bench.need(self._bench.desk.focus), side)
        self._stage.set_price(Price(ref=PriceRef.ASK if side is Side.BUY else PriceRef.BID))
        self._stage.set_tif(TimeInForce.IOC)

    def _preset(self, number: int) -> None:
        self._stage.use_preset(number)
        if self._stage.draft is None:
            self._bench.surface.say(f"size preset {number}")
