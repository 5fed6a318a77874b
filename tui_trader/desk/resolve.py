"""From words to numbers: what ``10 %`` of equity at ``bid-2t`` is, right now, at this account.

Raises CommandError with the fix when a word cannot be turned into a number. It must not send anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.command import Offset, OffsetUnit, Price, PriceRef, Size, SizeUnit, Trigger
from tui_trader.core.decimals import HUNDRED, ZERO, divide, plain
from tui_trader.core.error import CommandError, NotThereError
from tui_trader.core.instrument import Instrument
from tui_trader.core.position import Position, break_even
from tui_trader.core.types import ContractKind, InstrumentId, PositionSide, Side, TriggerSource
from tui_trader.state.store import Store

_WATCHED = {TriggerSource.MARK: PriceRef.MARK, TriggerSource.LAST: PriceRef.LAST, TriggerSource.INDEX: PriceRef.INDEX}

BASIS_POINT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Presets:
    """What the ticket starts from; the configuration fills it."""

    notionals: tuple[Decimal, ...] = (Decimal(250), Decimal(500), Decimal(1000), Decimal(2500), Decimal(5000))
    """Sizes of the keys 1 to 5 in quote currency, rounded down to a lot of the instrument."""
    slippage_cap_pct: Decimal = Decimal("0.5")
    """How far past the touch a crossing order may go, in percent."""
    stop_pct: Decimal = Decimal(1)
    """Distance of the bracket template's stop from the entry, in percent."""
    target_multiple: Decimal = Decimal(2)
    """Distance of the bracket template's target in multiples of the risk."""
    protect_pct: Decimal = Decimal(1)
    """Distance of the protecting stop from the mark, in percent."""
    protect_ticks: int = 0
    """The same in ticks; 0 takes the percentage."""


class Resolver:
    """Turns prices, sizes and triggers of the language into exact numbers on the instrument's grid."""

    def __init__(self, store: Store, presets: Presets) -> None:
        self._store = store
        self.presets = presets
        self.atr: Callable[[InstrumentId], Decimal | None] = lambda iid: None
        """The average true range of an instrument, from whoever keeps candles; None where it is not known."""

    def instrument(self, iid: InstrumentId) -> Instrument:
        """Return an instrument; raises CommandError when the venue does not list it."""
        instrument = self._store.instruments.get(iid)
        if instrument is None:
            raise CommandError(f"{iid.symbol} is not in the venue's product list", fix="symbol NAME, Tab completes")
        return instrument

    def position(self, iid: InstrumentId) -> Position | None:
        """Return the open leg of an instrument; raises CommandError when both hedge legs are open."""
        legs = [p for p in self._store.open_positions() if p.instrument == iid]
        if len(legs) > 1:
            raise CommandError(f"{iid.symbol} has a long and a short leg", fix="select the leg in the positions pane")
        return legs[0] if legs else None

    def leg(self, iid: InstrumentId, side: PositionSide | None) -> Position | None:
        """Return the open leg of one side, or the only open one where no side is given."""
        if side is None:
            return self.position(iid)
        leg = self._store.position(iid, side)
        return None if leg is None or leg.is_flat else leg

    def reference(self, iid: InstrumentId, ref: PriceRef) -> Decimal:
        """Return the price that a name stands for; raises CommandError when nothing stands there."""
        book = self._store.book(iid)
        ticker = self._store.ticker(iid)
        value: Decimal | None = None
        match ref:
            case PriceRef.BID:
                value = book.best_bid if book and book.is_live else None
            case PriceRef.ASK:
                value = book.best_ask if book and book.is_live else None
            case PriceRef.MID:
                value = book.mid if book and book.is_live else None
            case PriceRef.LAST:
                tape = self._store.tapes.get(iid)
                value = tape.last.price if tape and tape.last else ticker.last
            case PriceRef.MARK:
                value = ticker.mark
            case PriceRef.INDEX:
                value = ticker.index
            case PriceRef.HIGH:
                value = ticker.high_24h
            case PriceRef.LOW:
                value = ticker.low_24h
            case PriceRef.VWAP:
                value = self._vwap(iid)
            case PriceRef.ENTRY | PriceRef.BREAK_EVEN | PriceRef.LIQUIDATION:
                position = self.position(iid)
                if position is None:
                    raise CommandError(
                        f"there is no {iid.symbol} position to take {ref} from", fix="a price, or bid, ask, mid, mark"
                    )
                if ref is PriceRef.ENTRY:
                    value = position.entry
                elif ref is PriceRef.BREAK_EVEN:
                    value = break_even(position, self.instrument(iid))
                else:
                    value = position.liquidation
        if value is None:
            raise CommandError(f"{iid.symbol} has no {ref} price now", fix="a price, or wait for the feed")
        return value

    def price(self, iid: InstrumentId, price: Price, side: Side | None) -> Decimal:
        """Return a price on the tick grid: rounded down for a buy and up for a sell, so never worse than what was said.

        A plainly typed number is not rounded: off the grid it is refused with the two neighbours.
        """
        instrument = self.instrument(iid)
        if price.number is not None:
            base = price.number
            if price.offset is None:
                return self._on_grid(instrument, base)
        elif price.ref is not None:
            base = self.reference(iid, price.ref)
        else:
            raise CommandError("an offset needs something to start from", fix="bid-2t, mark+0.5%")
        if price.offset is not None:
            base += self.distance(instrument, price.offset, base)
        rounded = instrument.round_price(base, side)
        if rounded <= 0:
            raise CommandError(f"that makes a price of {plain(base)}", fix="a smaller offset")
        return rounded

    def distance(self, instrument: Instrument, offset: Offset, base: Decimal) -> Decimal:
        """Return a signed offset in quote currency; ``base`` is what percent are of."""
        match offset.unit:
            case OffsetUnit.TICKS:
                return offset.value * instrument.tick
            case OffsetUnit.PERCENT:
                return divide(base * offset.value, HUNDRED)
            case OffsetUnit.BASIS_POINTS:
                return base * offset.value * BASIS_POINT
            case OffsetUnit.ATR:
                return offset.value * self.true_range(instrument.id)
            case OffsetUnit.QUOTE:
                return offset.value

    def size(self, iid: InstrumentId, size: Size, *, price: Decimal, side: Side, stop: Decimal | None) -> Decimal:
        """Return a size rounded down to a lot. ``price`` is what the order would execute at.

        Raises CommandError when the rule cannot be applied (no equity known, no position, no stop) or leaves less than a lot.
        """
        instrument = self.instrument(iid)
        qty = self._raw_size(instrument, size, price, side, stop)
        if size.unit is SizeUnit.BASE:
            if not instrument.on_lot(qty):
                low = instrument.round_qty(qty)
                raise CommandError(
                    f"{plain(qty)} is not a multiple of the lot {plain(instrument.lot)} {instrument.size_unit}",
                    column=size.column,
                    fix=f"{plain(low)} or {plain(low + instrument.lot)}" if low else plain(instrument.lot),
                )
            return qty
        rounded = instrument.round_qty(qty)
        if not rounded:
            raise CommandError(
                f"that is {plain(qty.quantize(instrument.lot / 100))} {instrument.size_unit}, less than one lot"
                f" ({plain(instrument.lot)})",
                column=size.column,
                fix=f"{plain(instrument.lot)} or more",
            )
        return rounded

    def trigger(self, iid: InstrumentId, trigger: Trigger, *, entry: Decimal, stop: Decimal | None, side: Side) -> Decimal:
        """Return the trigger price of an attached exit, on the tick grid. ``side`` is the entry's."""
        instrument = self.instrument(iid)
        if trigger.multiple is not None:
            if stop is None:
                raise CommandError(f"{plain(trigger.multiple)}R needs a stop to measure from", fix="sl PRICE tp 2R")
            return instrument.round_price(entry + (entry - stop) * trigger.multiple)
        spoken = trigger.price or Price()
        if spoken.number is None and spoken.ref is None and spoken.offset is not None:
            return instrument.round_price(entry + self.distance(instrument, spoken.offset, entry))
        return self.price(iid, spoken, None)

    def limit(self, iid: InstrumentId, spoken: Price, trigger: Decimal, side: Side) -> Decimal:
        """Return the limit price of an order of ``side`` that waits for ``trigger``; an offset alone is from the trigger."""
        if spoken.number is None and spoken.ref is None and spoken.offset is not None:
            instrument = self.instrument(iid)
            return instrument.round_price(trigger + self.distance(instrument, spoken.offset, trigger), side)
        return self.price(iid, spoken, side)

    def watched(self, iid: InstrumentId, source: TriggerSource) -> Decimal:
        """Return the price that a trigger watches; raises CommandError when it is not known."""
        return self.reference(iid, _WATCHED[source])

    def protecting(self, position: Position) -> Decimal:
        """Return where the template puts the stop of a leg: at its distance from the mark, on the tick grid."""
        side = position.side
        if side is None:
            raise CommandError(f"{position.instrument.symbol} is flat: nothing to protect")
        instrument = self.instrument(position.instrument)
        mark = self.watched(position.instrument, TriggerSource.MARK)
        ticks = self.presets.protect_ticks
        away = instrument.tick * ticks if ticks else divide(mark * self.presets.protect_pct, HUNDRED)
        level = instrument.round_price(mark - side.sign * max(away, instrument.tick), side.opposite)
        return max(level, instrument.tick)

    def break_even(self, position: Position) -> Decimal:
        """Return the tick at which a stop closes without a loss, fees both ways and funding paid; never the worse one.

        Raises CommandError when the price is beyond it already: such a stop would fire at once.
        """
        side, iid = position.side, position.instrument
        instrument = self.instrument(iid)
        exact = break_even(position, instrument)
        if side is None or exact is None:
            raise CommandError(f"{iid.symbol} is flat: there is no break-even")
        level = instrument.round_price(exact, side.opposite)
        mark = self.watched(iid, TriggerSource.MARK)
        if (mark - level) * side.sign <= 0:
            where = "below" if side is Side.BUY else "above"
            raise CommandError(
                f"the mark {plain(mark)} is {where} break-even {plain(level)} already: a stop there would fire at once",
                fix="x closes, , and . move the stop",
            )
        return level

    def cap_price(self, iid: InstrumentId, side: Side) -> Decimal:
        """Return the limit of a crossing order: the far touch, moved by the slippage cap."""
        touch = self.reference(iid, PriceRef.ASK if side is Side.BUY else PriceRef.BID)
        cap = divide(touch * self.presets.slippage_cap_pct, HUNDRED)
        return self.instrument(iid).round_price(touch + cap * side.sign, side)

    def true_range(self, iid: InstrumentId) -> Decimal:
        """Return the average true range of an instrument; raises CommandError when no candles say it."""
        found = self.atr(iid)
        if found is None or found <= 0:
            raise CommandError(
                f"{iid.symbol} has no average true range: not enough candles are kept", fix="a distance in t, % or bp"
            )
        return found

    # -- inside ----------------------------------------------------------------------------------------------------

    def _vwap(self, iid: InstrumentId) -> Decimal | None:
        """Return turnover by volume of the day, where the venue tells both in the units that make a price."""
        instrument, ticker = self.instrument(iid), self._store.ticker(iid)
        if instrument.kind is not ContractKind.LINEAR or not ticker.volume_24h or not ticker.turnover_24h:
            return None
        return divide(ticker.turnover_24h, ticker.volume_24h)

    def _raw_size(self, instrument: Instrument, size: Size, price: Decimal, side: Side, stop: Decimal | None) -> Decimal:
        value = size.value
        match size.unit:
            case SizeUnit.BASE:
                return value
            case SizeUnit.QUOTE:
                return _qty_for_quote(instrument, value, price)
            case SizeUnit.PRESET:
                index = int(value) - 1
                if not 0 <= index < len(self.presets.notionals):
                    raise CommandError(f"there is no size preset {plain(value)}", column=size.column, fix="#1 to #5")
                qty = _qty_for_quote(instrument, self.presets.notionals[index], price)
                return max(qty, instrument.lot)
            case SizeUnit.EQUITY | SizeUnit.AVAILABLE:
                pnl = self._store.pnl(instrument.settle)
                if pnl is None:
                    raise CommandError(
                        f"the {instrument.settle} balance is not known yet", column=size.column, fix="a size in units"
                    )
                base = pnl.equity if size.unit is SizeUnit.EQUITY else pnl.available
                return instrument.qty_for_value(divide(base * value, HUNDRED), price)
            case SizeUnit.POSITION | SizeUnit.SAME:
                position = self.position(instrument.id)
                if position is None:
                    raise NotThereError(f"there is no {instrument.symbol} position", column=size.column, fix="a size in units")
                share = HUNDRED if size.unit is SizeUnit.SAME else value
                return self._part(instrument, position, share)
            case SizeUnit.RISK_PERCENT | SizeUnit.RISK_QUOTE:
                return self._risk_size(instrument, size, price, side, stop)

    def _risk_size(self, instrument: Instrument, size: Size, price: Decimal, side: Side, stop: Decimal | None) -> Decimal:
        if stop is None:
            raise CommandError("a size from risk needs a stop", column=size.column, fix="add: sl PRICE")
        loss_per_unit = -instrument.pnl(side, Decimal(1), price, stop)
        if loss_per_unit <= 0:
            raise CommandError(
                f"a stop at {plain(stop)} does not lose on a {side} at {plain(price)}",
                column=size.column,
                fix="a stop " + ("below" if side is Side.BUY else "above") + " the entry",
            )
        # An inverse contract loses settle currency: what that is worth in quote currency, it is worth where the stop is.
        inverse = instrument.kind is ContractKind.INVERSE
        risk = divide(size.value, stop) if inverse else size.value
        if size.unit is SizeUnit.RISK_PERCENT:
            pnl = self._store.pnl(instrument.settle)
            if pnl is None:
                raise CommandError(f"the {instrument.settle} balance is not known yet", column=size.column, fix="r:50$")
            risk = divide(pnl.equity * size.value, HUNDRED)
        return divide(risk, loss_per_unit)

    def _part(self, instrument: Instrument, position: Position, percent: Decimal) -> Decimal:
        if percent >= HUNDRED:
            return position.qty
        return max(instrument.round_qty(divide(position.qty * percent, HUNDRED)), min(instrument.lot, position.qty))

    def _on_grid(self, instrument: Instrument, price: Decimal) -> Decimal:
        if price <= ZERO:
            raise CommandError(f"a price of {plain(price)} is not possible", fix="a price above zero")
        if not instrument.on_tick(price):
            low = instrument.round_price(price, Side.BUY)
            raise CommandError(
                f"{plain(price)} is not a multiple of the tick {plain(instrument.tick)}",
                fix=f"{plain(low)} or {plain(low + instrument.tick)}",
            )
        return price


def leg_for(side: Side, *, closes: bool, hedged: bool) -> PositionSide:
    """Return the leg that an order belongs to: in hedged mode a close keeps the leg it closes (Phemex reference, 3.3)."""
    if not hedged:
        return PositionSide.MERGED
    opens_long = (side is Side.BUY) != closes
    return PositionSide.LONG if opens_long else PositionSide.SHORT


def _qty_for_quote(instrument: Instrument, value: Decimal, price: Decimal) -> Decimal:
    """Return the size worth ``value`` in quote currency, rounded down; an inverse contract is worth the same at every price."""
    if instrument.kind is ContractKind.INVERSE:
        return instrument.round_qty(divide(value, instrument.contract_size))
    return instrument.qty_for_value(value, price)
