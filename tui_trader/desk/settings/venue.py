"""What is particular to one venue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tui_trader.desk.key import Address, Choice, Flag, Many, Name
from tui_trader.desk.settings.field import HOST, key


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """What is particular to one venue."""

    rest_url: str = key(Address(default="", doc="Address of requests while general.env is custom.", secure="https", bare="http"))
    ws_url: str = key(
        Address(default="", doc="Address of the feed while general.env is custom.", secure="wss", bare="ws", paths=True)
    )
    rest_host: str = key(
        Name(
            default="usual",
            doc="Another host of the venue's own to send requests to while general.env is live, where it has several.",
            pattern=HOST,
            meaning='a host name like api.example.com, or "usual"',
        )
    )
    ws_host: str = key(
        Name(
            default="usual",
            doc="Another host of the venue's own to have the feed from while general.env is live, where it has several.",
            pattern=HOST,
            meaning='a host name like ws.example.com, or "usual"',
        )
    )
    allow_remote_custom: bool = key(
        Flag(
            default=False,
            doc="Let custom addresses lead off this machine. Signed requests go there: whoever runs that host can replay them.",
        )
    )
    secret_command: tuple[str, ...] = key(
        Many(
            default=(),
            doc="A program that prints the API key in place of the keyring: its id and its secret on two lines, or JSON with key"
            ' and secret, as in ["pass", "show", "tui_trader/{venue}/{env}/{account}"]. Started without a shell, for'
            " 10 seconds at most. Only this file can name it.",
            element=Name(
                default="", doc="", pattern=r'[^\x00-\x1f\x7f"\\]{1,256}', meaning="a word without quotes and backslashes"
            ),
            least=0,
            most=20,
        )
    )

    @property
    def choices(self) -> dict[str, bool | str]:
        """What the venue is built with, where there is anything to choose."""
        return {}


class MexcBooks(StrEnum):
    """How MEXC's books come."""

    FULL = "full"
    INCREMENTS = "increments"


@dataclass(frozen=True, slots=True)
class MexcSettings(VenueSettings):
    """What is particular to MEXC."""

    books: MexcBooks = key(
        Choice(
            default=MexcBooks.FULL,
            doc="How books come: full sends the 20 best levels a side whole each time, which cannot have a gap; increments begins"
            " with a thousand levels a side that are asked for and follows every change, and asks again after a gap.",
            words=MexcBooks,
        )
    )

    batch_orders: bool = key(
        Flag(
            default=False,
            doc="Send the orders of a scale together, as many as may leave at once, in one request of at most 50. The venue"
            " permits that to a key on request: without the permission it refuses all orders of the request.",
        )
    )

    @property
    def choices(self) -> dict[str, bool | str]:
        """What the venue is built with."""
        return {"increments": self.books is MexcBooks.INCREMENTS, "batch_orders": self.batch_orders}


class Profile(StrEnum):
    """How a venue is to take the orders of this terminal."""

    RETAIL = "retail"
    PRO = "pro"


class SelfTrade(StrEnum):
    """Which of two orders of one account ends where they would meet."""

    EXPIRE_TAKER = "expire_taker"
    EXPIRE_MAKER = "expire_maker"
    EXPIRE_BOTH = "expire_both"


@dataclass(frozen=True, slots=True)
class ParadexSettings(VenueSettings):
    """What is particular to Paradex."""

    profile: Profile = key(
        Choice(
            default=Profile.RETAIL,
            doc="How orders count: retail takes at 0.024 % behind a speed bump of 0.3 s, at most 3 orders a second, 30 a minute,"
            " 300 an hour and 1000 a day (beyond, the venue counts them as pro without a word: entries wait for that, exits do"
            " not); pro takes at 0.045 % without these limits.",
            words=Profile,
        )
    )
    cancel_on_disconnect: bool = key(
        Flag(
            default=False,
            doc="Have the venue cancel the open orders of the account when the private connection ends, protective stops among"
            " them; :cod on and :cod off do so for one session.",
        )
    )

    self_trade: SelfTrade = key(
        Choice(
            default=SelfTrade.EXPIRE_TAKER,
            doc="Which of two orders of the account ends where they would meet: the one that takes, the one that rests, or both.",
            words=SelfTrade,
        )
    )

    @property
    def choices(self) -> dict[str, bool | str]:
        """What the venue is built with."""
        return {
            "interactive": self.profile is Profile.RETAIL,
            "cancel_on_disconnect": self.cancel_on_disconnect,
            "self_trade": self.self_trade.value,
        }
