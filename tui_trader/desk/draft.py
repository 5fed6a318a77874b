"""An order that is being thought about, and how it looks against the market of one moment.

A draft is a value: it keeps the rule it was made by (``half a percent of risk at the bid``) and knows no market.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from tui_trader.core.bracket import Bracket
from tui_trader.core.command import Chase, Price, PriceRef, Scale, Size, Target, Trail, Trigger
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.preview import Preview
from tui_trader.core.risk import Objection
from tui_trader.core.types import ClientOrderId, InstrumentId, MarginMode, PositionSide, Side, TimeInForce

DRAFT_ID = ClientOrderId("draft")
"""Stands where an identity will be; never sent."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An order being thought about."""

    instrument: InstrumentId
    side: Side
    size: Size
    price: Price | None
    """None crosses: a marketable limit, immediate or cancel, with the slippage cap."""
    tif: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    market: bool = False
    """A true market order: no limit price at all."""
    trigger: Trigger | None = None
    """What it waits for; None goes out at once."""
    touch: bool = False
    """With ``trigger``: waits for a better price (if touched) instead of a worse one (stop)."""
    trail: Trail | None = None
    """Makes it a trailing stop."""
    close_on_trigger: bool = False
    whole: bool = False
    """With ``close_on_trigger``: closes the whole leg, however large it is by then."""
    amends: ClientOrderId | None = None
    """The working order that this changes; None is a new order."""
    resizes: bool = False
    """With ``amends``: whether its size changes too, ``size`` being the new total; else only price and trigger."""
    stop_loss: Trigger | None = None
    follows_up: Trail | None = None
    """The stop of what this opens, in place of ``stop_loss``: it follows the best price from the fill on."""
    targets: tuple[Target, ...] = ()
    position_side: PositionSide | None = None
    """None derives the leg from the direction."""
    closes: bool = False
    title: str = ""
    """What the trader asked for, e.g. ``close 50%``; empty for a plain entry."""
    leverage: Decimal | None = None
    """Set at the venue just before the order leaves; None leaves it as it is."""
    margin_mode: MarginMode | None = None
    """With ``leverage``; None leaves it as it is."""
    reverses: PositionSide | None = None
    """The leg that is closed first: this opens the same on the other side, once that is known to be done."""
    beside_unknown: bool = False
    """Whether the trader typed that it may go out beside an order of unknown outcome; for this draft as it stands only."""

    good_for: int | None = None
    """Seconds after which this terminal cancels what is left."""
    scale: Scale | None = None
    """Shares it out over several orders; ``price`` then means nothing."""
    chase: Chase | None = None
    """Keeps it at its touch while the terminal is up."""

    @property
    def follows(self) -> PriceRef | None:
        """The named price that the draft is glued to, None once it was nudged or typed."""
        return self.price.ref if self.price is not None and self.price.number is None else None


@dataclass(frozen=True, slots=True)
class StageView:
    """A draft against the market of this moment: all that the ticket pane shows."""

    draft: Draft
    instrument: Instrument
    ticket: OrderTicket | None
    """None when something cannot be resolved; ``problem`` then says what."""
    preview: Preview | None
    objections: tuple[Objection, ...]
    problem: str = ""
    fix: str = ""
    bracket: Bracket | None = None
    """The exits of an entry that has some."""
    amended: Order | None = None
    """The working order that the draft changes."""
    reversed: Position | None = None
    """The leg that is closed before this opens one."""
    orders: tuple[OrderTicket, ...] = ()
    """The orders of a scale; ``ticket`` is then all of them at their average price."""

    @property
    def sendable(self) -> bool:
        """Whether Enter would send: resolved, and no hard objection."""
        return self.ticket is not None and not any(o.hard for o in self.objections)


def mirrored(price: Price) -> Price:
    """Return a price with its distance to the other side."""
    return replace(price, offset=replace(price.offset, value=-price.offset.value)) if price.offset else price


def mirrored_trigger(trigger: Trigger) -> Trigger:
    """Return an exit at the same distance on the other side of the entry; one at a typed price stays there."""
    return replace(trigger, price=mirrored(trigger.price)) if trigger.price is not None else trigger
