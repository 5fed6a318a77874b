"""What a line of the order language means, as values; and how a value is spelled.

It must not know the market: a command says ``5 % of equity at the bid``, and whoever resolves it knows the equity and the bid.
``canonical`` is the inverse of the parser: reading back what it writes gives the same value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.types import MarginMode, PositionMode, PositionSide, Side, TimeInForce, TriggerSource


class SizeUnit(StrEnum):
    """What the number in the size slot counts."""

    BASE = "base"
    """Base units, or contracts of an inverse contract."""
    QUOTE = "quote"
    EQUITY = "equity"
    """Percent of the account's equity."""
    AVAILABLE = "available"
    """Percent of what is free for new orders."""
    POSITION = "position"
    """Percent of the open position: reduces it."""
    RISK_PERCENT = "risk_percent"
    """Percent of equity lost at the stop."""
    RISK_QUOTE = "risk_quote"
    """Quote currency lost at the stop."""
    PRESET = "preset"
    """Number of a size preset, 1 to 5."""
    SAME = "same"
    """As large as the open position."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much. ``value`` is positive; it is 1 and means nothing with SAME."""

    value: Decimal
    unit: SizeUnit = SizeUnit.BASE
    column: int = field(default=0, compare=False, repr=False)
    """Where it was typed, zero-based."""


class PriceRef(StrEnum):
    """A price with a name."""

    BID = "bid"
    ASK = "ask"
    MID = "mid"
    LAST = "last"
    MARK = "mark"
    INDEX = "index"
    ENTRY = "entry"
    BREAK_EVEN = "be"
    LIQUIDATION = "liq"


class OffsetUnit(StrEnum):
    """What the number of an offset counts; the value is its spelling."""

    QUOTE = ""
    TICKS = "t"
    PERCENT = "%"
    BASIS_POINTS = "bp"


@dataclass(frozen=True, slots=True)
class Offset:
    """A signed distance from a price."""

    value: Decimal
    unit: OffsetUnit = OffsetUnit.QUOTE


@dataclass(frozen=True, slots=True)
class Price:
    """A number or a named price, moved by an offset. With neither it is relative to what is being changed."""

    number: Decimal | None = None
    ref: PriceRef | None = None
    offset: Offset | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """Where something fires: a price, a distance (of an exit from its entry), or a multiple of the risk to the stop."""

    price: Price | None = None
    multiple: Decimal | None = None
    """Of the distance between entry and stop (``2R``); only for targets."""
    source: TriggerSource | None = None
    """None leaves it to the configuration."""
    limit: Price | None = None
    """What it executes at, an offset alone being from the trigger; None at the market."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A stop that follows the best price at a distance."""

    distance: Offset
    """Positive."""
    start: Price | None = None
    """Where it begins to follow; None at once."""


@dataclass(frozen=True, slots=True)
class Target:
    """A profit target for a part of the order."""

    trigger: Trigger
    portion: Decimal | None = None
    """Percent of the order; None for all of it, or an even share of several."""


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Buy or sell."""

    side: Side
    size: Size
    symbol: str = ""
    """As typed; empty for the instrument on the screen."""
    price: Price | None = None
    """None for a market order."""
    trigger: Trigger | None = None
    """What it waits for; a distance is from the price it watches. None goes out at once."""
    touch: bool = False
    """With ``trigger``: waits for a better price (if touched) instead of a worse one (stop)."""
    trail: Trail | None = None
    """Makes it a trailing stop; only for orders that reduce."""
    tif: TimeInForce | None = None
    reduce_only: bool = False
    close: bool = False
    """Only closes, and when it triggers other orders may be cancelled to make room for it."""
    stop_loss: Trigger | None = None
    targets: tuple[Target, ...] = ()
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    position_side: PositionSide | None = None


class SelectorKind(StrEnum):
    """Which orders or positions are meant; the value is its spelling."""

    ALL = "all"
    LONGS = "longs"
    SHORTS = "shorts"
    MARKED = "marked"
    BIDS = "bids"
    ASKS = "asks"
    STOPS = "stops"
    LAST = "last"
    NAME = "name"
    """An order id, a symbol or a glob, told apart by the caller."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Orders or positions to act on."""

    kind: SelectorKind
    name: str = ""
    """As typed; only with NAME."""


@dataclass(frozen=True, slots=True)
class ClosePosition:
    """Close a part of a position, reduce-only."""

    percent: Decimal = HUNDRED
    selector: Selector | None = None
    """None for the instrument on the screen."""
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class CancelOrders:
    """Cancel working orders."""

    selector: Selector | None = None
    """None for the selected order."""


@dataclass(frozen=True, slots=True)
class Flatten:
    """Cancel the orders and close the positions of a selection."""

    selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class Reverse:
    """Turn a position around."""

    selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """Give orders another price."""

    selector: Selector
    price: Price


@dataclass(frozen=True, slots=True)
class ChangeQty:
    """Give orders another size, in base units or contracts."""

    selector: Selector
    qty: Decimal


@dataclass(frozen=True, slots=True)
class Protect:
    """Stage the stop of the template for positions."""

    selector: Selector | None = None
    """None for the instrument on the screen."""


@dataclass(frozen=True, slots=True)
class SetStop:
    """Put the stop of the position on the screen somewhere: move it, or stage one."""

    trigger: Trigger


@dataclass(frozen=True, slots=True)
class SetTarget:
    """Put the target of the position on the screen somewhere: move it, or stage one."""

    trigger: Trigger
    portion: Decimal | None = None
    """Percent of the position; None for all of it."""


@dataclass(frozen=True, slots=True)
class SetTrail:
    """Stage a trailing stop for the position on the screen."""

    trail: Trail


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Move the stops of positions to where closing leaves nothing gained or lost."""

    selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class AddMargin:
    """Add margin to the isolated position on the screen; take some away when negative."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class SetRiskLimit:
    """Change how large the position on the screen may grow, in its settle currency."""

    limit: Decimal


@dataclass(frozen=True, slots=True)
class SetMode:
    """Change how many legs the instrument on the screen keeps."""

    mode: PositionMode


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move money between the wallet and the trading account."""

    amount: Decimal
    currency: str
    into: bool
    """Into the trading account; False takes it out."""


@dataclass(frozen=True, slots=True)
class SetLeverage:
    """Change the leverage of the instrument on the screen."""

    leverage: Decimal
    margin_mode: MarginMode | None = None
    """None keeps the mode."""


@dataclass(frozen=True, slots=True)
class ShowSymbol:
    """Put another instrument on the screen."""

    symbol: str


@dataclass(frozen=True, slots=True)
class UseTheme:
    """Change the colours."""

    name: str


@dataclass(frozen=True, slots=True)
class Quit:
    """Leave the terminal."""


@dataclass(frozen=True, slots=True)
class ShowHelp:
    """Open the help, at a topic."""

    topic: str = ""


@dataclass(frozen=True, slots=True)
class Panic:
    """End entries and cancel everything but stops; with ``flatten`` the stops too, and close every position."""

    flatten: bool = False


@dataclass(frozen=True, slots=True)
class Halt:
    """Let out only exits until trading is resumed; ``reducing`` does so without asking for the venue's name at the resuming."""

    reducing: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """Let entries out again."""

    name: str = ""
    """Of the venue; leaving a halt asks for it."""


@dataclass(frozen=True, slots=True)
class Override:
    """Send the staged order although another one of unknown outcome stands beside it."""


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Ask the venue for everything again and take its positions for the truth."""


@dataclass(frozen=True, slots=True)
class Arm:
    """Let single keys send orders for a while."""

    seconds: int | None = None
    """None for the configured time."""


@dataclass(frozen=True, slots=True)
class GroupPrices:
    """Gather the levels of the ladder."""

    step: Decimal | None = None
    """In quote currency; None for single ticks."""


@dataclass(frozen=True, slots=True)
class ShowLog:
    """Open the log."""


@dataclass(frozen=True, slots=True)
class ShowKeys:
    """Open the key map."""


@dataclass(frozen=True, slots=True)
class Record:
    """Start or stop recording the market."""

    start: bool


Command = (
    PlaceOrder
    | ClosePosition
    | CancelOrders
    | Flatten
    | Reverse
    | MoveOrder
    | ChangeQty
    | Protect
    | SetStop
    | SetTarget
    | SetTrail
    | BreakEven
    | AddMargin
    | SetRiskLimit
    | SetMode
    | Transfer
    | SetLeverage
    | ShowSymbol
    | UseTheme
    | Quit
    | ShowHelp
    | Panic
    | Halt
    | Resume
    | Override
    | Reconcile
    | Arm
    | GroupPrices
    | ShowLog
    | ShowKeys
    | Record
)


@dataclass(frozen=True, slots=True)
class Line:
    """A whole typed line."""

    commands: tuple[Command, ...]
    immediate: bool = False
    """Ends in ``!``: one Enter instead of two. It never skips a limit."""


TIF_WORDS: dict[str, TimeInForce] = {
    "po": TimeInForce.POST_ONLY,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "gtc": TimeInForce.GTC,
}
MARGIN_WORDS: dict[str, MarginMode] = {"iso": MarginMode.ISOLATED, "cross": MarginMode.CROSS}

MODE_WORDS: dict[str, PositionMode] = {
    "hedge": PositionMode.HEDGED,
    "hedged": PositionMode.HEDGED,
    "oneway": PositionMode.ONE_WAY,
}

_MODE_SPELLING = {PositionMode.HEDGED: "hedge", PositionMode.ONE_WAY: "oneway"}
_TIF_SPELLING = {tif: word for word, tif in TIF_WORDS.items()}
_MARGIN_SPELLING = {mode: word for word, mode in MARGIN_WORDS.items()}


def canonical(command: Command) -> str:
    """Return the one spelling of a command that the parser reads back as an equal value."""
    match command:
        case PlaceOrder():
            return _spell_order(command)
        case ClosePosition(percent, selector, price):
            return _join("close", "" if percent == HUNDRED else f"{plain(percent)}%", _sel(selector), _at(price))
        case CancelOrders(selector):
            return _join("cancel", _sel(selector))
        case Flatten(selector):
            return _join("flat", _sel(selector))
        case Reverse(selector):
            return _join("rev", _sel(selector))
        case MoveOrder(selector, price):
            return _join("move", _sel(selector), spell_price(price) if price.number is None and price.ref is None else _at(price))
        case ChangeQty(selector, qty):
            return _join("qty", _sel(selector), plain(qty))
        case Protect(selector):
            return _join("protect", _sel(selector))
        case SetStop(trigger):
            return f"sl {spell_trigger(trigger)}"
        case SetTarget(trigger, portion):
            return f"tp {spell_target(Target(trigger, portion))}"
        case SetTrail(trail):
            return spell_trail(trail)
        case BreakEven(selector):
            return _join("be", _sel(selector))
        case AddMargin(amount):
            return f"margin {'-' if amount < 0 else '+'}{plain(amount.copy_abs())}"
        case SetRiskLimit(limit):
            return f"risklimit {plain(limit)}"
        case SetMode(mode):
            return f"mode {_MODE_SPELLING[mode]}"
        case Transfer(amount, currency, into):
            return f"transfer {plain(amount)} {currency} {'in' if into else 'out'}"
        case SetLeverage(leverage, mode):
            return _join("lev", plain(leverage), _MARGIN_SPELLING[mode] if mode else "")
        case ShowSymbol(symbol):
            return f"symbol {symbol}"
        case UseTheme(name):
            return f"theme {name}"
        case Quit():
            return "quit"
        case ShowHelp(topic):
            return _join("help", topic)
        case Panic(flatten):
            return "panic flatten" if flatten else "panic"
        case Halt(reducing):
            return "ro on" if reducing else "halt"
        case Resume(name):
            return _join("resume", name)
        case Override():
            return "override unknown"
        case Reconcile():
            return "reconcile"
        case Arm(seconds):
            return "arm" if seconds is None else f"arm {seconds}s"
        case GroupPrices(step):
            return "group" if step is None else f"group {plain(step)}"
        case ShowLog():
            return "log"
        case ShowKeys():
            return "keys"
        case Record(start):
            return "rec start" if start else "rec stop"


def spell_line(line: Line) -> str:
    """Return the spelling of a whole line."""
    return "; ".join(canonical(command) for command in line.commands) + ("!" if line.immediate else "")


def spell_size(size: Size) -> str:
    """Return the spelling of a size, e.g. ``10%e``."""
    number = plain(size.value)
    match size.unit:
        case SizeUnit.BASE:
            return number
        case SizeUnit.QUOTE:
            return f"${number}"
        case SizeUnit.EQUITY:
            return f"{number}%e"
        case SizeUnit.AVAILABLE:
            return f"{number}%b"
        case SizeUnit.POSITION:
            return f"{number}%p"
        case SizeUnit.RISK_PERCENT:
            return f"r:{number}%"
        case SizeUnit.RISK_QUOTE:
            return f"r:{number}$"
        case SizeUnit.PRESET:
            return f"#{number}"
        case SizeUnit.SAME:
            return "$size"


def spell_price(price: Price) -> str:
    """Return the spelling of a price without ``@``, e.g. ``bid+3t``."""
    base = plain(price.number) if price.number is not None else (price.ref or "")
    return base + (spell_offset(price.offset) if price.offset else "")


def spell_offset(offset: Offset) -> str:
    """Return the spelling of a signed distance, e.g. ``-0.5%``."""
    sign = "-" if offset.value < 0 else "+"
    return f"{sign}{plain(offset.value.copy_abs())}{offset.unit}"


def spell_trigger(trigger: Trigger) -> str:
    """Return the spelling of a trigger, e.g. ``2R:mark``."""
    return _spell_level(trigger) + _spell_limit(trigger)


def spell_trail(trail: Trail) -> str:
    """Return the spelling of a trailing distance, e.g. ``trail 0.6% from 68000``."""
    start = f" from {spell_price(trail.start)}" if trail.start else ""
    return f"trail {plain(trail.distance.value)}{trail.distance.unit}{start}"


def _spell_level(trigger: Trigger) -> str:
    level = f"{plain(trigger.multiple)}R" if trigger.multiple is not None else spell_price(trigger.price or Price())
    return level + (f":{trigger.source}" if trigger.source else "")


def _spell_limit(trigger: Trigger) -> str:
    return f" lim {spell_price(trigger.limit)}" if trigger.limit else ""


def spell_target(target: Target) -> str:
    """Return the spelling of a target, e.g. ``+1%:50%``."""
    portion = "" if target.portion is None else f":{plain(target.portion)}%"
    return _spell_level(target.trigger) + portion + _spell_limit(target.trigger)


def _spell_order(order: PlaceOrder) -> str:
    parts = [str(order.side), spell_size(order.size), order.symbol, _at(order.price)]
    if order.trigger:
        parts.append(f"{'touch' if order.touch else 'stop'} {spell_trigger(order.trigger)}")
    if order.trail:
        parts.append(spell_trail(order.trail))
    if order.tif:
        parts.append(_TIF_SPELLING[order.tif])
    if order.reduce_only:
        parts.append("ro")
    if order.close:
        parts.append("close")
    if order.stop_loss:
        parts.append(f"sl {spell_trigger(order.stop_loss)}")
    for target in order.targets:
        parts.append(f"tp {spell_target(target)}")
    if order.leverage is not None:
        parts.append(f"lev {plain(order.leverage)}")
    if order.margin_mode:
        parts.append(_MARGIN_SPELLING[order.margin_mode])
    if order.position_side:
        parts.append(f"pos:{order.position_side}")
    return _join(*parts)


def _at(price: Price | None) -> str:
    return "" if price is None else f"@ {spell_price(price)}"


def _sel(selector: Selector | None) -> str:
    if selector is None:
        return ""
    return selector.name if selector.kind is SelectorKind.NAME else str(selector.kind)


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)
