"""Journal records as lines for a person: when, who, what and what came of it. Unknown kinds are told field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tui_trader.core.sanitise import sanitise

if TYPE_CHECKING:
    from tui_trader.cli.audit import Entry
    from tui_trader.storage.record import Record

_TRADER = frozenset({"intent", "amend", "cancel", "cancel_all", "panic", "acknowledged"})
_VENUE = frozenset({"outcome", "seen", "fill", "external", "resurrected"})
_ALARMS = frozenset({"lost", "panic", "guardian", "desync", "resurrected", "external", "state", "set-aside", "note"})
_BAD = frozenset({"unknown", "rejected", "limited", "missing", "exists"})

_DIM, _RED, _YELLOW, _GREEN, _PLAIN = "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"

_NAMES = ("id", "ref", "client_id", "venue_id", "order", "order_id")
"""Fields that name an order."""

VALUE_CELLS = 96


class Timeline:
    """Turns records into lines, with a heading for every day."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours
        self._day = ""
        self.told = 0
        """Records told so far."""
        self.orders: set[str] = set()
        """Orders that were intended in them."""

    def lines(self, entry: Entry) -> Iterator[str]:
        """Yield the line of a record, and before it the day when that is another than the last one's."""
        record = entry.record
        self.told += 1
        if record.kind == "intent":
            self.orders.add(str(record.body.get("id")))
        day = sanitise(record.at[:10])
        if day != self._day:
            self._day = day
            yield f"{day}  {entry.journal}"
        mark = " " if entry.proved else "?"
        when = sanitise(record.at[11:23])
        text = (
            f"{when} {mark}{record.number:>6}  {_who(record.kind):<7}  {_kind(record):<10}  {_short(record):<6}  {words(record)}"
        )
        yield self._paint(record, text.rstrip())

    def _paint(self, record: Record, text: str) -> str:
        colour = ""
        outcome = record.body.get("outcome")
        if outcome in _BAD or record.kind in _ALARMS:
            colour = _RED if outcome in ("unknown", "rejected") or record.kind in ("desync", "resurrected") else _YELLOW
        elif outcome == "ack" or record.kind == "fill":
            colour = _GREEN
        elif _who(record.kind) == "program":
            colour = _DIM
        return f"{colour}{text}{_PLAIN}" if colour and self._colours else text


def concerns(record: Record, suffix: str) -> bool:
    """Whether a record is about an order whose id, ours or the venue's, ends in ``suffix``."""
    values = (record.body.get(name) for name in _NAMES)
    return any(isinstance(value, str) and value.endswith(suffix) for value in values)


def words(record: Record) -> str:
    """Return what a record says, in words where they are known."""
    return _WORDS.get(record.kind, _fields)(record.body)


def _who(kind: str) -> str:
    return "trader" if kind in _TRADER else "venue" if kind in _VENUE else "program"


def _kind(record: Record) -> str:
    return sanitise(record.kind, 10)


def _short(record: Record) -> str:
    for name in ("id", "ref", "client_id", "order"):
        value = record.body.get(name)
        if isinstance(value, str) and value:
            return sanitise(value[-6:] if record.kind != "cancel_all" else value, 12)
    return ""


def _text(value: Any, cells: int = VALUE_CELLS) -> str:
    return sanitise(value if isinstance(value, str) else str(value), cells)


def _intent(body: Mapping[str, Any]) -> str:
    price = f"@ {_text(body['price'])}" if body.get("price") is not None else "at market"
    parts = [_text(body.get("side")), _text(body.get("qty")), _text(body.get("symbol")), price]
    parts += [_text(body["type"])] if body.get("type") not in (None, "market") else []
    parts += [_text(body["tif"])] if body.get("tif") else []
    for name, word in (("trigger", "trigger"), ("stop_loss", "stop"), ("take_profit", "target")):
        if body.get(name) is not None:
            parts.append(f"{word} {_text(body[name])}")
    parts += [word for name, word in (("reduce_only", "reduce-only"), ("close_on_trigger", "close-on-trigger")) if body.get(name)]
    return " ".join(parts)


def _outcome(body: Mapping[str, Any]) -> str:
    code = f" [{_text(body['code'], 24)}]" if body.get("code") else ""
    text = f": {_text(body['text'])}" if body.get("text") else ""
    return f"{_text(body.get('what', ''), 24)} -> {_text(body.get('outcome', ''), 24)}{code}{text}"


def _amend(body: Mapping[str, Any]) -> str:
    changes = [f"{name} {_text(body[name])}" for name in ("qty", "price", "trigger") if body.get(name) is not None]
    return f"change to {', '.join(changes) or 'nothing'}"


def _cancel(body: Mapping[str, Any]) -> str:
    venue_id = body.get("venue_id")
    return f"cancel (venue id {_text(venue_id, 40)})" if venue_id else "cancel"


def _cancel_all(body: Mapping[str, Any]) -> str:
    return f"cancel all of {_text(body.get('symbol'))}{', keep stops' if body.get('keep_stops') else ''}"


def _lost(body: Mapping[str, Any]) -> str:
    return f"{_text(body.get('what', ''), 24)} -> answer lost: {_text(body.get('text', ''))}"


def _absent(body: Mapping[str, Any]) -> str:
    return "the venue never had it"


def _begun(body: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in body.items() if name not in ("open", "absent", "hash")}
    return f"{_fields(rest)} still open: {len(body.get('open', ()))}"


def _fields(body: Mapping[str, Any]) -> str:
    shown = []
    for name, value in body.items():
        if name in ("id", "ref") or value in (None, ""):
            continue
        shown.append(f"{_text(name, 32)}={_text(value)}")
    return "  ".join(shown)


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "intent": _intent,
    "outcome": _outcome,
    "amend": _amend,
    "cancel": _cancel,
    "cancel_all": _cancel_all,
    "lost": _lost,
    "absent": _absent,
    "segment": _begun,
    "set-aside": _begun,
}
