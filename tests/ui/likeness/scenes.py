"""What likenesses are taken of: every pane, and every screen, each reached by keys from a moment."""

from __future__ import annotations

from typing import NamedTuple

from tests.ui.likeness.moments import Moment, busy, doubtful, quiet
from tests.ui.likeness.stages import Stage, key_asked, opening, passphrase, recorded, traded, unopened, wrong

SIZES = ((80, 24), (120, 40), (200, 60))
SMALL = ((79, 24), (60, 18), (40, 10))
"""Below the size at which one may enter orders."""
BEFORE = ((40, 12), (80, 24), (120, 40))
"""For what is shown before there is anything to trade with."""
THEMES = ("midnight", "daylight", "high-contrast")


class Scene(NamedTuple):
    """A screen."""

    name: str
    about: str
    keys: tuple[str, ...] = ()
    line: str = ""
    """What is typed instead of single keys."""


class Act(NamedTuple):
    """Scenes of one moment, shown by one program one after the other."""

    moment: Moment | None
    scenes: tuple[Scene, ...]
    panes: bool = False
    """Whether the panes are taken of this moment too."""
    sizes: tuple[tuple[int, int], ...] = SIZES
    stage: Stage = traded
    """What is run."""


ACTS = (
    Act(
        busy,
        (
            Scene("trading", "an hour of trading"),
            Scene("staged", "an entry with stop and target, sized by risk", ("4", "b", "j", "t")),
            Scene("closing", "half of a position is about to be closed", ("g", "p", "j", "x", "2")),
            Scene("chosen", "an order is chosen and marked", ("g", "o", "j", "space", "j")),
            Scene("aimed", "the price cursor on the ladder", ("g", "b", "k", "k")),
            Scene("summed", "the ladder with sums and coarser rows", ("g", "b", "+", "v")),
            Scene("crosshair", "the chart in full with its crosshair", ("g", "c", "z", "h", "h", "h")),
            Scene("typing", "a line that is being typed, with what it means", line=":buy r:0.5% @ bid sl 66640 tp 2R po"),
            Scene("mistyped", "a line that cannot be, with where and what instead", line=":buy 5% @ bid"),
            Scene("form", "the staged order as a form", ("b", "tab")),
            Scene("armed", "single keys send", ("A",)),
            Scene("hidden", "the account's money is hidden", ("H",)),
            Scene("help", "what works here", ("?",)),
            Scene("palette", "every key and command", ("ctrl+p", *"stop")),
            Scene("details", "a position in full", ("g", "p", "j", "i")),
            Scene("review", "the workspace for looking back", ("w", "w", "w")),
        ),
        panes=True,
    ),
    Act(doubtful, (Scene("doubt", "a feed that is made whole again, an order without an answer", ("b",)),)),
    Act(quiet, (Scene("morning", "no position, no order"),)),
    Act(
        busy,
        (
            Scene("small", "too small to enter orders on: positions, orders, and the ways out"),
            Scene("small-closing", "half of a position is about to be closed there", ("x", "2")),
            Scene("small-refused", "an entry is refused there", ("b",)),
        ),
        sizes=SMALL,
    ),
    Act(busy, (Scene("replay", "the same hour, out of a recording"),), stage=recorded),
    Act(
        busy,
        (Scene("replay-refused", "a key that would send, over a recording", ("B",)),),
        stage=recorded,
        sizes=((80, 24),),
    ),
    Act(None, (Scene("opening", "the account is being opened"),), sizes=BEFORE, stage=opening),
    Act(None, (Scene("unopened", "the account could not be opened"),), sizes=BEFORE, stage=unopened),
    Act(None, (Scene("unlock", "the vault's passphrase is typed"),), sizes=BEFORE, stage=passphrase),
    Act(None, (Scene("unlock-wrong", "a passphrase that opened nothing"),), sizes=BEFORE, stage=wrong),
    Act(None, (Scene("unlock-key", "a key for this session is asked for"),), sizes=BEFORE, stage=key_asked),
)


def called(act: Act) -> str:
    """Return how an act is called in the name of a test."""
    return act.moment.__name__ if act.stage is traded and act.moment is not None else act.scenes[0].name


def name_of(size: tuple[int, int]) -> str:
    """Return how a size is called."""
    return f"{size[0]}x{size[1]}"
