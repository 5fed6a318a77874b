"""How brackets are written into the journal, and what of them a later run has to pick up. Money is decimal text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tui_trader.core.bracket import Bracket, Goal
from tui_trader.core.decimals import plain
from tui_trader.core.types import ClientOrderId, InstrumentId, PositionSide, Side, TriggerSource, VenueOrderId


def bracket_body(bracket: Bracket) -> dict[str, Any]:
    """Return the journal body of a bracket, whole."""
    return {
        "id": bracket.entry,
        "venue": bracket.instrument.venue,
        "symbol": bracket.instrument.symbol,
        "side": bracket.side,
        "position_side": bracket.position_side,
        "stop": _text(bracket.stop),
        "stop_source": bracket.stop_source,
        "stop_limit": _text(bracket.stop_limit),
        "trail": _text(bracket.trail),
        "trails_whole": bracket.trails_whole,
        "goals": [
            {
                "trigger": plain(goal.trigger),
                "portion": plain(goal.portion),
                "source": goal.source,
                "limit": _text(goal.limit),
            }
            for goal in bracket.goals
        ],
        "attached": bracket.attached,
        "stops": list(bracket.stops),
        "targets": [list(row) for row in bracket.targets],
        "natives": list(bracket.natives),
        "also": list(bracket.also),
        "keeps": [word for word, kept in (("stop", bracket.keeps_stop), ("targets", bracket.keeps_targets)) if kept],
    }


def bracket_from_body(body: Mapping[str, Any]) -> Bracket:
    """Return the bracket that a body tells of."""
    keeps = body.get("keeps", ("stop", "targets"))
    return Bracket(
        entry=ClientOrderId(str(body["id"])),
        instrument=InstrumentId(str(body["venue"]), str(body["symbol"])),
        side=Side(body["side"]),
        position_side=PositionSide(body["position_side"]),
        stop=_number(body["stop"]),
        stop_source=TriggerSource(body["stop_source"]),
        stop_limit=_number(body["stop_limit"]),
        trail=_number(body.get("trail")),
        trails_whole=bool(body.get("trails_whole")),
        goals=tuple(
            Goal(
                Decimal(str(goal["trigger"])),
                Decimal(str(goal["portion"])),
                TriggerSource(goal["source"]),
                _number(goal["limit"]),
            )
            for goal in body["goals"]
        ),
        attached=bool(body["attached"]),
        stops=tuple(ClientOrderId(str(one)) for one in body.get("stops", ())),
        targets=tuple(tuple(ClientOrderId(str(one)) for one in row) for row in body.get("targets", ())),
        natives=tuple(VenueOrderId(str(one)) for one in body.get("natives", ())),
        also=tuple(ClientOrderId(str(one)) for one in body.get("also", ())),
        keeps_stop="stop" in keeps,
        keeps_targets="targets" in keeps,
    )


class OpenBrackets:
    """The brackets whose end the journal does not tell, kept up to date record by record."""

    def __init__(self) -> None:
        self._open: dict[str, Bracket] = {}

    def take(self, kind: str, body: Mapping[str, Any]) -> None:
        """Hear a record."""
        match kind:
            case "bracket":
                bracket = bracket_from_body(body)
                self._open[bracket.entry] = bracket
            case "exit":
                if (known := self._open.get(str(body["bracket"]))) is not None:
                    self._open[known.entry] = known.with_exit(str(body["role"]), ClientOrderId(str(body["id"])))
            case "bracket_end":
                self._open.pop(str(body["id"]), None)
            case "segment" | "set-aside":
                for each in body.get("brackets", ()):
                    self.take("bracket", each)

    def bodies(self) -> list[dict[str, Any]]:
        """Return the open brackets as bodies, oldest first."""
        return [bracket_body(bracket) for bracket in self._open.values()]

    def brackets(self) -> list[Bracket]:
        """Return the open brackets, oldest first."""
        return list(self._open.values())

    def ids(self) -> set[str]:
        """Return the client ids of every order that belongs to an open bracket."""
        found: set[str] = set()
        for bracket in self._open.values():
            found |= {*bracket.entries, *bracket.stops, *(one for row in bracket.targets for one in row)}
        return found


def stopped_at(bracket: Bracket, trigger: Decimal) -> Bracket:
    """Return the bracket with its stop moved."""
    return replace(bracket, stop=trigger)


def _number(text: Any) -> Decimal | None:
    return None if text is None else Decimal(str(text))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
