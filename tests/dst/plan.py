"""What a history is made of, as a list of choices: the climate, who trades what, and every step with the pause before it.

A plan follows from its seed. Choices can be taken out of it, and what is left plays the same way every time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.dst.grounds import GROUNDS
from tests.dst.weather import Climate
from tui_trader.core.types import OrderType
from tui_trader.venues.capabilities import Capabilities
from tui_trader.venues.registry import load

WEIGHTS: dict[str, int] = {
    "submit": 10,
    "cancel": 5,
    "amend": 3,
    "cancel_all": 1,
    "panic": 1,
    "move": 5,
    "requote": 2,
    "meddle": 2,
    "leap": 1,
    "fund": 1,
    "sever": 1,
    "mute": 1,
    "outage": 1,
    "raid": 1,
    "refuse_login": 1,
    "suspend": 1,
    "step_clock": 1,
    "crash": 1,
    "submit_and_crash": 2,
    "submit_and_lose": 2,
    "fill_the_disk": 1,
}
"""How often each kind of step is taken where it is taken at all."""

ALWAYS = frozenset({"submit", "move"})

ALGORITHMS = ("scale", "chase")
"""Orders that the terminal looks after, which one history in four has instead of some of its plain ones."""

CHANGING = frozenset({"amend"})
"""Steps that need orders to be changed in place."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody does, after a pause."""

    number: int
    pause_s: float
    what: str
    """A method of ``Steps``."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One history before it is played."""

    seed: int
    climate: Climate
    steps: tuple[Step, ...]
    second: str | None = None
    """A second instrument."""
    hedged: bool = False
    """Whether the account keeps two legs of each instrument."""
    poor: bool = False
    """Whether the account has so little that it can be liquidated."""
    skew_s: float = 0.0
    """The venue's clock minus the true time."""
    troubles: frozenset[str] | None = None
    """The troubles that happen, by name; None where the climate decides."""
    venue: str = "phemex"
    """Where it is played."""
    increments: bool = False
    """Whether books come as increments, where that is a choice."""
    cancels: bool = False
    """Whether the venue cancels everything when the private connection ends, where it can."""

    @classmethod
    def drawn(cls, seed: int, venue: str = "phemex") -> Plan:
        """Return the history of a seed at a venue. Most are short and dense; one in twenty is long."""
        random = Random(seed)
        ground, able = GROUNDS[venue], capabilities(venue)
        climate = Climate.drawn(random)
        many = random.choices((random.randint(2, 7), random.randint(7, 16), random.randint(16, 60)), (79, 17, 4))[0]
        known = {**WEIGHTS, **ground.more}
        names = [name for name in known if name in ALWAYS or random.random() < 0.6]
        names = [name for name in names if able.amend or name not in CHANGING]
        weights = [known[name] for name in names]
        rate = random.choice((1.0, 2.0, 4.0))
        steps = [
            Step(number, random.expovariate(rate), what) for number, what in enumerate(random.choices(names, weights, k=many))
        ]
        second, hedged = random.choice(ground.seconds), random.random() < 0.2 and able.hedge
        if ground.coin and not hedged and Random(f"coin of {seed}").random() < 0.125:
            second = ground.coin
        if OrderType.STOP in able.order_types:
            steps = _bracketed(steps, Random(f"brackets of {seed}"))
        algorithms = [name for name in ALGORITHMS if able.amend or name not in CHANGING]
        steps = _automated(steps, algorithms, Random(f"algorithms of {seed}"))
        if ground.gathers:
            steps = _gathered(steps, Random(f"several of {seed}"))
        return cls(
            seed=seed,
            climate=climate,
            steps=tuple(steps),
            second=second,
            hedged=hedged,
            poor=random.random() < 0.15,
            skew_s=random.choice((0.0, 0.0, 0.0, 3.0, -3.0, 240.0, -240.0)),
            venue=venue,
            increments=venue == "mexc" and Random(f"increments of {seed}").random() < 0.5,
            cancels=able.cancel_on_disconnect and Random(f"cancels of {seed}").random() < 0.25,
        )

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that are settled in."""
        settled = GROUNDS[self.venue].settled
        return tuple(dict.fromkeys(settled[symbol] for symbol in self.symbols))

    @property
    def gathers(self) -> bool:
        """Whether some of its orders leave several at once."""
        return any(step.what == "several" for step in self.steps)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The instruments that are traded."""
        first = GROUNDS[self.venue].first
        return (first, self.second) if self.second else (first,)

    def simpler(self) -> list[Plan]:
        """Return plans with one circumstance less each, those that are different."""
        calm = Climate()
        fewer = [
            replace(self, second=None),
            replace(self, hedged=False),
            replace(self, poor=False),
            replace(self, skew_s=0.0),
            replace(self, cancels=False),
            replace(self, increments=False),
            *(
                replace(self, climate=replace(self.climate, **{name: getattr(calm, name)}))
                for name in ("history_lag_s", "snapshot_rows", "page_rows")
            ),
        ]
        return [plan for plan in fewer if plan != self]

    def only(self, steps: Collection[Step], troubles: Collection[str]) -> Plan:
        """Return the plan with these steps and these troubles alone; the pauses of the others stay, time is not a choice."""
        kept, pause_s = [], 0.0
        for step in self.steps:
            pause_s += step.pause_s
            if step in steps:
                kept.append(replace(step, pause_s=pause_s))
                pause_s = 0.0
        return replace(self, steps=tuple(kept), troubles=frozenset(troubles))

    def random(self, step: Step) -> Random:
        """Return the chance of one step, which does not depend on the others."""
        return Random(self.seed * 1_000_003 + step.number)


def capabilities(venue: str) -> Capabilities:
    """Return what a venue can do: steps that it cannot take are not drawn."""
    return load(venue).capabilities


def _automated(steps: list[Step], names: Sequence[str], random: Random) -> list[Step]:
    """Return the steps of a history, in which one in four lets the terminal look after some of its orders."""
    if random.random() > 0.25:
        return steps
    return [
        replace(step, what=random.choice(names)) if step.what == "submit" and random.random() < 0.4 else step for step in steps
    ]


def _gathered(steps: list[Step], random: Random) -> list[Step]:
    """Return the steps of a history, in which one in three sends some of its orders several at once."""
    if random.random() > 0.33:
        return steps
    return [replace(step, what="several") if step.what == "submit" and random.random() < 0.5 else step for step in steps]


def _bracketed(steps: list[Step], random: Random) -> list[Step]:
    """Return the steps of a history, in which one in four gives some of its orders exits."""
    if random.random() > 0.25:
        return steps
    return [replace(step, what="bracket") if step.what == "submit" and random.random() < 0.6 else step for step in steps]
