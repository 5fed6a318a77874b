"""How a command is spelled: ``canonical`` is the inverse of the parser, reading back what it writes gives the same value."""

from __future__ import annotations

from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.language import manage, state
from tui_trader.core.language.entries import Chase, PlaceOrder, Scale
from tui_trader.core.language.line import Command, Line
from tui_trader.core.language.spelled_orders import MARGIN_SPELLING, spell_chase, spell_order, spell_scale
from tui_trader.core.language.spelled_terms import (
    join,
    quoted,
    spell_at,
    spell_price,
    spell_selector,
    spell_target,
    spell_time,
    spell_trail,
    spell_trigger,
)
from tui_trader.core.language.spelled_watching import spell_watching
from tui_trader.core.language.terms import Target
from tui_trader.core.types import PositionMode

_MODE_SPELLING = {PositionMode.HEDGED: "hedge", PositionMode.ONE_WAY: "oneway"}


def canonical(command: Command) -> str:
    """Return the one spelling of a command that the parser reads back as an equal value."""
    match command:
        case PlaceOrder():
            return spell_order(command)
        case Scale():
            return spell_scale(command)
        case Chase():
            return spell_chase(command)
    text = _managing(command) or spell_watching(command, spell_line) or _stating(command)
    assert text is not None, command
    return text


def spell_line(line: Line) -> str:
    """Return the spelling of a whole line."""
    text = ""
    for number, command in enumerate(line.commands):
        joint = "" if not number else " && " if number in line.needs else "; "
        text += joint + canonical(command)
    return text + ("!" if line.immediate else "")


def _managing(command: Command) -> str | None:
    match command:
        case manage.ClosePosition(percent, selector, price):
            part = "" if percent == HUNDRED else f"{plain(percent)}%"
            return join("close", part, spell_selector(selector), spell_at(price))
        case manage.CancelOrders(selector):
            return join("cancel", spell_selector(selector))
        case manage.Flatten(selector):
            return join("flat", spell_selector(selector))
        case manage.Reverse(selector):
            return join("rev", spell_selector(selector))
        case manage.MoveOrder(selector, price):
            bare = price.number is None and price.ref is None
            return join("move", spell_selector(selector), spell_price(price) if bare else spell_at(price))
        case manage.ChangeQty(selector, qty):
            return join("qty", spell_selector(selector), plain(qty))
        case manage.Protect(selector):
            return join("protect", spell_selector(selector))
        case manage.SetStop(trigger):
            return f"sl {spell_trigger(trigger)}"
        case manage.SetTarget(trigger, portion):
            return f"tp {spell_target(Target(trigger, portion))}"
        case manage.SetTrail(trail):
            return spell_trail(trail)
        case manage.BreakEven(selector):
            return join("be", spell_selector(selector))
        case manage.AddMargin(amount):
            return f"margin {'-' if amount < 0 else '+'}{plain(amount.copy_abs())}"
        case manage.SetRiskLimit(limit):
            return f"risklimit {plain(limit)}"
        case manage.SetMode(mode):
            return f"mode {_MODE_SPELLING[mode]}"
        case manage.SetLeverage(leverage, mode):
            return join("lev", plain(leverage), MARGIN_SPELLING[mode] if mode else "")
    return None


def _stating(command: Command) -> str | None:
    match command:
        case state.Transfer(amount, currency, into):
            return f"transfer {plain(amount)} {currency} {'in' if into else 'out'}"
        case state.ShowSymbol(symbol):
            return f"symbol {symbol}"
        case state.UseTheme(name):
            return join("theme", name)
        case state.UseLayout(name):
            return join("layout", name)
        case state.UseAccount(environment, name):
            return join(environment or "on", name)
        case state.Quit():
            return "quit"
        case state.ShowHelp(topic):
            return join("help", topic)
        case state.ShowConnections():
            return "conn"
        case state.Reconnect(name):
            return f"conn {name}"
        case state.ShowLimits():
            return "limits"
        case state.Panic(flatten):
            return "panic flatten" if flatten else "panic"
        case state.Halt(reducing):
            return "ro on" if reducing else "halt"
        case state.Resume(name):
            return join("resume", name)
        case state.GuardOrders(on):
            return "cod" if on is None else "cod on" if on else "cod off"
        case state.Override():
            return "override unknown"
        case state.Reconcile():
            return "reconcile"
        case state.Arm(seconds):
            return "arm" if seconds is None else f"arm {spell_time(seconds)}"
        case state.GroupPrices(step):
            return "group" if step is None else f"group {plain(step)}"
        case state.FilterTape(least, quote):
            return "tape" if least is None else f"tape >{'$' if quote else ''}{plain(least)}"
        case state.ShowLog():
            return "log"
        case state.ShowKeys():
            return "keys"
        case _:
            return _recording(command)


def _recording(command: Command) -> str | None:
    match command:
        case state.BindKey(key, line):
            return f"bind {_token(key)} {quoted(line)}" if line else f"unbind {_token(key)}"
        case state.NameLine(name, line):
            return f"alias {name} {quoted(line)}" if line else f"unalias {name}"
        case state.Note(text):
            return f"note {quoted(text)}"
        case state.Export(span, csv):
            return f"export {span} {'csv' if csv else 'json'}"
        case state.Record(start):
            return "rec start" if start else "rec stop"
        case state.Replay(path, speed):
            return join("replay", _token(path), "" if speed == 1 else f"x{plain(speed)}")
    return None


def _token(text: str) -> str:
    """Return text as it stands where nothing in it could end it, else in quotes."""
    return text if text and all(char.isalnum() or char in "._-/~+" for char in text) else quoted(text)
