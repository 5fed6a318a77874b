"""How a command is spelled: ``canonical`` is the inverse of the parser, reading back what it writes gives the same value."""

from __future__ import annotations

from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.language.entries import PlaceOrder
from tui_trader.core.language.line import Command, Line
from tui_trader.core.language.manage import (
    AddMargin,
    BreakEven,
    CancelOrders,
    ChangeQty,
    ClosePosition,
    Flatten,
    MoveOrder,
    Protect,
    Reverse,
    SetLeverage,
    SetMode,
    SetRiskLimit,
    SetStop,
    SetTarget,
    SetTrail,
)
from tui_trader.core.language.selector import Selector, SelectorKind
from tui_trader.core.language.spelled_terms import spell_price, spell_size, spell_target, spell_trail, spell_trigger
from tui_trader.core.language.state import (
    Arm,
    GroupPrices,
    Halt,
    Override,
    Panic,
    Quit,
    Reconcile,
    Record,
    Resume,
    ShowHelp,
    ShowKeys,
    ShowLog,
    ShowSymbol,
    Transfer,
    UseTheme,
)
from tui_trader.core.language.terms import Price, Target
from tui_trader.core.language.words import MARGIN_WORDS, TIF_WORDS
from tui_trader.core.types import PositionMode

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
