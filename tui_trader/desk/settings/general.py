"""Where to trade, and the built-in exchange."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import ZERO
from tui_trader.desk.environment import Environment
from tui_trader.desk.key import Amount, Choice, Flag, Many, Name, Seconds, Whole
from tui_trader.desk.settings.field import MOST_MONEY, PLAIN_NAME, PLAIN_NAME_WORDS, key


@dataclass(frozen=True, slots=True)
class General:
    """Where to trade, and what to show first."""

    venue: str = key(
        Name(default="phemex", doc="Venue whose protocol is spoken.", pattern=PLAIN_NAME, meaning="the name of a venue")
    )
    env: Environment = key(
        Choice(
            default=Environment.SIM,
            doc="Where orders go: the built-in exchange, the venue's testnet, the venue itself with real money, or"
            " addresses of your own from [venues.NAME].",
            words=Environment,
        )
    )
    account: str = key(
        Name(
            default="main",
            doc="Label under which the API key is stored, by tui-trader keys add VENUE/LABEL.",
            pattern=PLAIN_NAME,
            meaning=PLAIN_NAME_WORDS,
        )
    )
    beside: tuple[str, ...] = key(
        Many(
            default=(),
            doc="Further accounts that are opened beside the first one in the same program, each as VENUE or VENUE/LABEL, in the"
            " same env. Each has its own keys, limits, journal and screen; V or :on VENUE shows it.",
            element=Name(
                default="", doc="", pattern=r"[a-z0-9_-]{1,32}(/[a-z0-9_-]{1,32})?", meaning="a venue, or a venue/label"
            ),
            least=0,
            most=8,
            distinct=True,
        )
    )
    allow_live: bool = key(
        Flag(
            default=False,
            doc="Whether orders may go to the venue itself, with real money. Only this file can say so; the venue's name is asked"
            " at every start besides.",
        )
    )
    symbols: tuple[str, ...] = key(
        Many(
            default=("BTCUSDT", "ETHUSDT", "SOLUSDT"),
            doc="Instruments in the order in which n and N walk through them, spelled as the venue does; the first is"
            " shown at start.",
            element=Name(default="", doc="", pattern=r"[A-Za-z0-9._-]{1,32}", meaning="a symbol like BTCUSDT"),
            least=1,
            most=20,
            distinct=True,
        )
    )


@dataclass(frozen=True, slots=True)
class Sim:
    """The built-in exchange, used while general.env is sim."""

    seed: int = key(Whole(default=1, doc="Seed of its market: the same seed moves prices the same way.", low=0, high=2**31 - 1))
    balance: Decimal = key(
        Amount(
            default=Decimal(10_000),
            doc="Money in the account at its start.",
            unit="USDT",
            low=ZERO,
            high=MOST_MONEY,
            open_low=True,
        )
    )
    speed: float = key(Seconds(default=1.0, doc="How fast its time passes.", unit="times real time", low=0.1, high=100))
