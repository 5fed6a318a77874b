"""What the trader does before the end: a seeded list of lines of the order language, some waited for and some not."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.crash.scene import Scene

ACTIONS = 24


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    pause_s: float
    line: str
    waited_for: bool


def script(seed: int, scene: Scene) -> list[Step]:
    """Return what is done under a seed: entries of every kind, several at once where that is one request, amends,
    cancels one by one and together, closes, the panic key.

    What a venue cannot do is cancelled, or sent as a plain entry.
    """
    rng = Random(seed)

    def size() -> str:
        return f"0.{rng.randint(2, 40):03d}"

    def entry() -> str:
        side, touch, away = rng.choice((("buy", "bid", "-"), ("sell", "ask", "+")))
        back = "+" if away == "-" else "-"
        if scene.gathers and rng.random() < 0.2:
            return f"scale {side} 0.{rng.randint(6, 40):03d} in 3 from {away}0.05% to {away}0.5%"
        return rng.choice(
            (
                f"{side} {size()} @ {touch}{away}{rng.randint(30, 300)}t",
                f"{side} {size()} @ {touch}",
                f"{side} {size()} @ {touch}{back}2t",
                f"{side} {size()} @ {touch}{away}{rng.randint(30, 300)}t po",
                f"{side} {size()} @ {touch}{back}40t ioc",
                f"{side} {size()} @ {touch}{f' sl {away}1% tp {back}1%' if scene.has_stops else ''}",
                f"{side} {size()}",
            )
        )

    lines = [entry(), entry()]
    while len(lines) < ACTIONS:
        draw = rng.random()
        if draw < 0.5:
            lines.append(entry())
        elif draw < 0.62 and scene.able.amend:
            lines.append(f"move last {rng.choice('+-')}{rng.randint(1, 9)}t")
        elif draw < 0.7 and scene.able.amend:
            lines.append(f"qty last {size()}")
        elif draw < 0.84:
            lines.append("cancel last")
        elif draw < 0.89:
            lines.append(rng.choice(("cancel bids", "cancel asks", "cancel all", "cancel stops")))
        elif draw < 0.94:
            lines.append(f"close 50% {scene.symbol}")
        elif draw < 0.97:
            lines.append(f"flat {scene.symbol}")
        else:
            lines.append("panic")
    return [Step(rng.choice((0.0, 0.0, 0.01, 0.03)) * scene.pace, line, rng.random() < 0.5) for line in lines]
