"""Commands about the account, the screen and what may be sent at all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import ONE


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move money between the wallet and the trading account."""

    amount: Decimal
    currency: str
    into: bool
    """Into the trading account; False takes it out."""


@dataclass(frozen=True, slots=True)
class ShowSymbol:
    """Put another instrument on the screen."""

    symbol: str


@dataclass(frozen=True, slots=True)
class UseTheme:
    """Change the colours."""

    name: str = ""
    """Empty asks which there are."""


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
class GuardOrders:
    """Have the venue cancel open orders when the connection ends, or let them be; ask what is in force."""

    on: bool | None = None


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
class FilterTape:
    """Leave small trades out of the tape."""

    least: Decimal | None = None
    """In base units or contracts; None shows every trade."""
    quote: bool = False
    """Whether ``least`` is a value in quote currency."""


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


@dataclass(frozen=True, slots=True)
class UseLayout:
    """Change the arrangement of panes."""

    name: str = ""
    """Empty asks which there are."""


@dataclass(frozen=True, slots=True)
class ShowConnections:
    """Say how each connection is."""


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Give the connections to an account up for new ones."""

    name: str
    """Of its venue, of the account, or both as ``paradex/l2``."""


@dataclass(frozen=True, slots=True)
class ShowLimits:
    """Say the limits that orders are held against."""


@dataclass(frozen=True, slots=True)
class UseAccount:
    """Trade somewhere else."""

    environment: str = ""
    """``paper``, ``live``, or ``acct`` for the one that the program is in; empty when only a venue was named."""
    name: str = ""
    """Of the account, or of the venue when there is no environment."""


@dataclass(frozen=True, slots=True)
class BindKey:
    """Let a key type a line."""

    key: str
    line: str
    """Empty takes the line off the key."""


@dataclass(frozen=True, slots=True)
class NameLine:
    """Give a line a name of its own."""

    name: str
    line: str
    """Empty forgets the name."""


@dataclass(frozen=True, slots=True)
class Note:
    """Write a note into the journal."""

    text: str


@dataclass(frozen=True, slots=True)
class Export:
    """Write fills to a file."""

    span: str
    """``today``, ``yesterday``, ``week``, ``month``, ``7d`` or a date."""
    csv: bool
    """As a table; False writes JSON."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Show a recording."""

    path: str
    speed: Decimal = ONE
