"""The reckoning after a crash: the restarted desk against the exchange, the journal, and the desk that never crashed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.crash.dump import State
from tui_trader.core.error import JournalError
from tui_trader.storage.journal import Record, read

_TRUE = {
    "new": {"live"},
    "partial": {"partial"},
    "untriggered": {"armed"},
    "filled": {"filled"},
    "canceled": {"canceled", "expired"},
    "rejected": {"rejected"},
}
"""What may be shown of an order that the exchange holds as so."""

_GONE = {"absent", "rejected"}
"""What may be shown of an order that the exchange never had."""

_STANDS = {"new", "partial", "untriggered", "live", "armed"}

_OPEN = ("side", "qty", "filled", "price", "trigger", "reduces")
_OVER = ("side", "filled")
"""What must be shown of an order that stands, and of one that is over: an answer without a sequence does not overturn the price
that an execution row told, which may be of before the last amend."""


def reckon(ours: State, ledger: State, observed: State | None, journals: list[Path]) -> list[str]:
    """Return everything that does not agree, one sentence each."""
    found: list[str] = []
    records: list[Record] = []
    for path in journals:
        try:
            records += read(path)
        except JournalError as error:
            found.append(f"journal: {error}")
    if len(journals) != 1:
        found.append(f"{len(journals)} journals instead of one")
    intents = [str(record.body["id"]) for record in records if record.kind == "intent"]
    ours_by_id = {
        str(one.body["venue_id"]): str(one.body.get("ref", one.body.get("id")))
        for one in records
        if one.kind in ("outcome", "seen") and "venue_id" in one.body
    }
    ours_by_id |= {row["venue_id"]: key for key, row in ours["orders"].items() if key in intents and row["venue_id"]}
    ledger = ledger | {"orders": _named(ledger["orders"], ours_by_id)}
    observed = None if observed is None else observed | {"orders": _named(observed["orders"], ours_by_id)}
    found += _sent_once(intents, ledger)
    ends = _ends(records)
    found += _held(_known(records), set(intents), ours, ledger)
    found += _meant(intents, ends, ours, ledger)
    found += _facts(ours, ledger)
    if observed is None:
        found.append("the desk that never crashed is still in doubt")
    else:
        found += _equal(ours, observed, set(intents), ledger["remembers"])
    return found


def _sent_once(intents: list[str], ledger: State) -> list[str]:
    found = [f"sent {times} times: {one}" for one, times in ledger["creates"].items() if times > 1]
    found += [f"made {times} times: {one}" for one, times in ledger["made"].items() if times > 1]
    found += [f"sent without a durable intent: {one}" for one in ledger["creates"] if one not in intents]
    return found + ([f"the same id twice in the journal: {intents}"] if len(set(intents)) < len(intents) else [])


def _named(orders: dict[str, Any], ours_by_id: dict[str, str]) -> dict[str, Any]:
    """Return orders by our ids, those that bear none too: some venues take none with orders that wait."""
    return {ours_by_id.get(row["venue_id"], key): row for key, row in orders.items()}


def _held(known: set[str], intents: set[str], ours: State, ledger: State) -> list[str]:
    """Everything that the exchange holds is shown, and shown as it is.

    Where no snapshot tells what is over, an order that is over need not be shown if the journal had heard of it: nothing about it
    was in doubt when the last life began, and its executions are asked for like all others. Nor need one that the venue made
    by itself, the exit of an entry.
    """
    found = []
    for key, theirs in ledger["orders"].items():
        shown = ours["orders"].get(key)
        if shown is None:
            over = not ledger["remembers"] and theirs["status"] not in _STANDS
            if theirs["status"] != "rejected" and not (over and (key in known or (key not in intents and theirs["made_there"]))):
                found.append(f"lost: {key} is {theirs['status']} at the exchange and not shown")
        elif shown["status"] not in _TRUE[theirs["status"]] and not (theirs["alike"] and shown["status"] == "rejected"):
            found.append(f"not so: {key} is shown {shown['status']}, the exchange has {theirs['status']}")
        elif theirs["status"] != "rejected" and (differing := [name for name in _terms(theirs) if shown[name] != theirs[name]]):
            words = ", ".join(f"{name} {shown[name]} for {theirs[name]}" for name in differing)
            found.append(f"terms differ: {key} ({shown['status']}) is shown with {words}")
    return found


def _meant(intents: list[str], ends: dict[str, str], ours: State, ledger: State) -> list[str]:
    """Everything that was meant to leave has an end or stands, and is known as our own."""
    found = []
    for one in intents:
        shown = ours["orders"].get(one)
        if shown is not None and shown["external"]:
            found.append(f"disowned: {one} is shown as somebody else's")
        if one in ledger["orders"]:
            continue
        status = shown["status"] if shown else ends.get(one, "nothing")
        if status not in _GONE:
            found.append(f"not so: {one} never reached the exchange and is shown {status}")
    known = set(ledger["orders"]) | set(intents)
    return found + [f"made up: {one} is shown {shown['status']}" for one, shown in ours["orders"].items() if one not in known]


def _facts(ours: State, ledger: State) -> list[str]:
    found = []
    if ours["fills"] != ledger["fills"]:
        missed, wrong = set(ledger["fills"]) - set(ours["fills"]), set(ours["fills"]) - set(ledger["fills"])
        found.append(f"executions differ: {len(missed)} missed, {len(wrong)} that were not, of {len(ledger['fills'])}")
    held = {leg: row[0] for leg, row in ours["positions"].items()}
    if held != ledger["positions"]:
        found.append(f"positions differ: {held}, the exchange has {ledger['positions']}")
    return found


def _equal(ours: State, observed: State, intents: set[str], remembers: bool) -> list[str]:
    """Crash equivalence: what the desk that never crashed believes, but for whose orders they are and what never left.

    What is over is compared where both show it, unless the venue remembers it for both.
    """

    def told(state: State) -> dict[str, Any]:
        orders = state["orders"].items()
        return {
            key: {name: order[name] for name in ("venue_id", "status", "pending", *_terms(order))}
            for key, order in orders
            if order["status"] not in _GONE
        }

    mine, theirs = told(ours), told(observed)
    found = []
    for key in sorted(mine.keys() | theirs.keys()):
        one, other = mine.get(key), theirs.get(key)
        if not remembers and one is None and other is not None and other["status"] not in _STANDS:
            continue
        if one != other:
            names = [name for name in (one or other or {}) if (one or {}).get(name) != (other or {}).get(name)]
            words = ", ".join(f"{name} {(one or {}).get(name)} / {(other or {}).get(name)}" for name in names)
            found.append(f"not as if nothing had happened: {key}{'' if key in intents else ' (of the exchange)'}: {words}")
    for name in ("fills", "positions"):
        if ours[name] != observed[name]:
            found.append(f"not as if nothing had happened: {name} {ours[name]} / {observed[name]}")
    return found


def _terms(order: dict[str, Any]) -> tuple[str, ...]:
    return _OPEN if order["status"] in _STANDS else _OVER


def _known(records: list[Record]) -> set[str]:
    """Return the orders that the venue told of: by an answer that took them, or otherwise."""
    heard = {str(record.body["id"]) for record in records if record.kind == "seen"}
    taken = (record.body for record in records if record.kind == "outcome" and record.body["what"] == "place")
    return heard | {str(body["ref"]) for body in taken if body["outcome"] in ("ack", "exists")}


def _ends(records: list[Record]) -> dict[str, str]:
    """Return the ends that are written down."""
    ends = {}
    for record in records:
        if record.kind == "absent":
            ends[str(record.body["id"])] = "absent"
        elif record.kind == "seen":
            ends[str(record.body["id"])] = str(record.body["status"])
        elif record.kind == "outcome" and record.body["what"] == "place":
            match record.body["outcome"]:
                case "rejected" | "limited":
                    ends[str(record.body["ref"])] = "rejected"
                case "not_sent":
                    ends[str(record.body["ref"])] = "absent"
    return ends
