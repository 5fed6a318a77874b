"""A failing history made small: choices are taken out, steps and troubles alike, for as long as the same thing stays wrong.

Delta debugging (Zeller, Hildebrandt 2002) over the list of choices. Each attempt is a whole history, played anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.dst.history import Result, play, run
from tests.dst.plan import Plan, Step
from tests.dst.weather import Climate

MOST_ATTEMPTS = 600

T = TypeVar("T")


def shrink(result: Result, folder: Path) -> Result:
    """Return the smallest history found that fails in the same way as ``result``."""
    return _Shrinker(result, folder).smallest()


def shrink_seed(seed: int, folder: Path, venue: str = "phemex") -> Result:
    """Play the history of a seed, and shrink it when it fails."""
    result = run(seed, folder, venue)
    return shrink(result, folder) if result.violations else result


class _Shrinker:
    def __init__(self, result: Result, folder: Path) -> None:
        self._best = result
        self._kind = result.kind
        self._folder = folder
        self._attempts = 0

    def smallest(self) -> Result:
        plan = self._best.plan
        if not self._fails(plan.only(plan.steps, self._best.struck)):
            return self._best  # it hangs on something that is not among the choices
        size = -1
        while size != self._size() and self._attempts < MOST_ATTEMPTS:
            size = self._size()
            for simpler in self._best.plan.simpler():
                self._fails(simpler)
            choices: list[Step | str] = [*self._best.plan.steps, *self._best.struck]
            _fewest(choices, self._fails_with)
        return self._best

    def _size(self) -> int:
        return len(self._best.plan.steps) + len(self._best.struck) + len(self._best.plan.simpler())

    def _fails_with(self, choices: Sequence[Step | str]) -> bool:
        steps = [choice for choice in choices if isinstance(choice, Step)]
        return self._fails(self._whole().only(steps, [choice for choice in choices if isinstance(choice, str)]))

    def _whole(self) -> Plan:
        return self._best.plan

    def _fails(self, plan: Plan) -> bool:
        """Play a plan; when it fails in the same way it is the best so far."""
        if self._attempts >= MOST_ATTEMPTS:
            return False
        self._attempts += 1
        result = play(plan, self._folder)
        if result.kind != self._kind:
            return False
        self._best = result
        return True


def _fewest(choices: list[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """Return a subset that still fails and of which no single choice can be spared."""
    parts = 2
    while choices:
        size = max(1, len(choices) // parts)
        for start in range(0, len(choices), size):
            without = choices[:start] + choices[start + size :]
            if fails(without):
                choices, parts = without, max(parts - 1, 2)
                break
        else:
            if size == 1:
                return choices
            parts = min(parts * 2, len(choices))
    return choices


def tell(result: Result) -> str:
    """Return a history as text: its circumstances, its choices, what happened, and what was wrong."""
    plan, climate, calm = result.plan, result.plan.climate, Climate()
    circumstances = [f"trades {', '.join(plan.symbols)}"]
    circumstances += ["the venue cancels on disconnect"] if plan.cancels else []
    circumstances += ["books come as increments"] if plan.increments else []
    circumstances += ["hedged"] if plan.hedged else []
    circumstances += ["poor"] if plan.poor else []
    circumstances += [f"the venue's clock is {plan.skew_s:+g} s off"] if plan.skew_s else []
    circumstances += [
        f"{name} {getattr(climate, name):g}"
        for name in ("history_lag_s", "snapshot_rows", "page_rows")
        if getattr(climate, name) != getattr(calm, name)
    ]
    return "\n".join(
        [
            f"seed {plan.seed} at {plan.venue}: {'; '.join(circumstances)}",
            f"steps: {', '.join(step.what for step in plan.steps) or 'none'}",
            *(f"trouble: {name}: {what}" for name, what in result.struck.items()),
            *result.story,
            *(f"WRONG {text}" for text in dict.fromkeys(result.violations)),
        ]
    )
