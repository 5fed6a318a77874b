"""Every configuration key: its meaning, unit, bounds and default. The one place where a key is added.

The example file and the table in the manual are generated from here (``settings_text``). It must not know where values come from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from tui_trader.core.decimals import ZERO
from tui_trader.desk.environment import Environment
from tui_trader.desk.key import Address, Amount, Choice, Flag, Key, Many, Name, Seconds, Whole

if TYPE_CHECKING:
    from tui_trader.core.risk import Limits
    from tui_trader.desk.controls import FailureLimits

T = TypeVar("T")


class Borders(StrEnum):
    """What frames are drawn with."""

    AUTO = "auto"
    UNICODE = "unicode"
    ASCII = "ascii"


class UpColor(StrEnum):
    """The colour of a rising price: green in the West, red in East Asia."""

    GREEN = "green"
    RED = "red"


class Confirm(StrEnum):
    """Which orders ask once more after Enter."""

    NEVER = "never"
    LARGE = "large"
    ALWAYS = "always"


class Keys(StrEnum):
    """The shipped key maps."""

    DEFAULT = "default"
    SCALPER = "scalper"


class Mode(StrEnum):
    """The position mode that is expected of the venue."""

    ANY = "any"
    ONE_WAY = "one_way"
    HEDGED = "hedged"


class OnHangup(StrEnum):
    """What happens to resting orders when the terminal goes away."""

    KEEP = "keep"
    CANCEL_ALL = "cancel_all"


_PLAIN_NAME = r"[a-z0-9][a-z0-9_-]{0,31}"
_HOST = r"usual|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,4}"
_PLAIN_NAME_WORDS = "1 to 32 small letters, digits, - and _"
_MOST_MONEY = Decimal(100_000_000)


def _key(key: Key[T]) -> T:
    return field(default=key.default, metadata={"key": key})


def _money(default: int, doc: str) -> Decimal:
    return _key(Amount(default=Decimal(default), doc=doc, unit="USD or equivalent", low=ZERO, high=_MOST_MONEY, open_low=True))


def _percent(default: str, doc: str, low: str, high: str) -> Decimal:
    return _key(Amount(default=Decimal(default), doc=doc, unit="percent", low=Decimal(low), high=Decimal(high)))


@dataclass(frozen=True, slots=True)
class General:
    """Where to trade, and what to show first."""

    venue: str = _key(
        Name(default="phemex", doc="Venue whose protocol is spoken.", pattern=_PLAIN_NAME, meaning="the name of a venue")
    )
    env: Environment = _key(
        Choice(
            default=Environment.SIM,
            doc="Where orders go: the built-in exchange, the venue's testnet, the venue itself with real money, or"
            " addresses of your own from [venues.NAME].",
            words=Environment,
        )
    )
    account: str = _key(
        Name(
            default="main",
            doc="Label under which the API key is stored, by tui-trader keys add VENUE/LABEL.",
            pattern=_PLAIN_NAME,
            meaning=_PLAIN_NAME_WORDS,
        )
    )
    beside: tuple[str, ...] = _key(
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
    allow_live: bool = _key(
        Flag(
            default=False,
            doc="Whether orders may go to the venue itself, with real money. Only this file can say so; the venue's name is asked"
            " at every start besides.",
        )
    )
    symbols: tuple[str, ...] = _key(
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
class Ui:
    """What the screen looks like and how it behaves."""

    theme: str = _key(
        Name(
            default="midnight",
            doc="Colour theme: a shipped one or the name of a file in the themes directory beside this one.",
            pattern=_PLAIN_NAME,
            meaning=_PLAIN_NAME_WORDS,
        )
    )
    fps: int = _key(Whole(default=20, doc="Most repaints on a local terminal.", unit="frames per second", low=1, high=60))
    fps_ssh: int = _key(Whole(default=10, doc="Most repaints over SSH or mosh.", unit="frames per second", low=1, high=60))
    borders: Borders = _key(
        Choice(default=Borders.AUTO, doc="Characters of frames; auto asks the locale whether it is UTF-8.", words=Borders)
    )
    up_color: UpColor = _key(
        Choice(
            default=UpColor.GREEN,
            doc="Which of the theme's two colours means up, bid and profit; red swaps them everywhere.",
            words=UpColor,
        )
    )
    confirm: Confirm = _key(
        Choice(
            default=Confirm.LARGE,
            doc="Which orders ask once more after Enter: none, those above half of risk.max_order_notional and reversals, or all."
            " Cancelling and closing never ask.",
            words=Confirm,
        )
    )
    confirm_reverse: bool = _key(
        Flag(default=True, doc="Whether R shows both legs of a reversal and waits for Enter, even while keys are armed.")
    )
    arm_minutes: int = _key(
        Whole(default=5, doc="How long A lets single keys send, until they are SAFE again.", unit="minutes", low=1, high=60)
    )
    keymap: Keys = _key(
        Choice(
            default=Keys.DEFAULT,
            doc="Key map: scalper adds q w a s z x e f r t for the left hand, live on the ladder while keys are armed; keys of"
            " your own go into keymap.toml beside this file.",
            words=Keys,
        )
    )
    mouse: bool = _key(
        Flag(
            default=False,
            doc="Listen to the mouse: a click sets the ladder's cursor and sends nothing."
            " Without it the terminal's own selection works.",
        )
    )


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a staged order starts from."""

    presets: tuple[Decimal, ...] = _key(
        Many(
            default=tuple(Decimal(value) for value in (50, 100, 250, 500, 1000)),
            doc="Order values of the keys 1 to 5, rounded down to the instrument's lot.",
            unit="quote currency",
            element=Amount(default=ZERO, doc="", low=ZERO, high=_MOST_MONEY, open_low=True),
            least=5,
            most=5,
        )
    )
    slippage_cap_percent: Decimal = _percent(
        "0.5", "How far past the best opposite price a crossing order may execute.", "0.01", "5"
    )
    stop_percent: Decimal = _percent("1", "Distance of the bracket template's stop from the entry.", "0.01", "50")
    protect_percent: Decimal = _percent(
        "1", "Distance of the stop that p stages from the mark, for the whole position.", "0.01", "50"
    )
    protect_ticks: int = _key(
        Whole(default=0, doc="The same in ticks of the instrument; 0 takes the percentage.", unit="ticks", low=0, high=100_000)
    )
    target_r: Decimal = _key(
        Amount(
            default=Decimal(2),
            doc="Distance of the bracket template's target from the entry.",
            unit="multiples of the distance to the stop",
            low=Decimal("0.1"),
            high=Decimal(100),
        )
    )


@dataclass(frozen=True, slots=True)
class Risk:
    """Limits checked before every order. They stop entries only: what reduces a position is never in their way. On the built-in
    exchange, where nothing can be lost, each of the three value limits that is not set here is 50 times as wide."""

    max_order_notional: Decimal = _money(1_000, "Largest value of one order. It cannot be switched off.")
    max_position_notional: Decimal = _money(
        5_000, "Largest position in one instrument, with orders that could still open counted at full size."
    )
    max_gross_notional: Decimal = _money(10_000, "Largest sum of positions over all instruments, counted the same way.")
    price_band_percent: Decimal = _percent("5", "A price farther than this from the mark is refused.", "0.1", "50")
    cross_band_percent: Decimal = _percent(
        "1", "A limit price farther than this through the best opposite price asks once more.", "0", "50"
    )
    max_orders_per_second: int = _key(
        Whole(default=5, doc="Most new orders in any second.", unit="orders per second", low=1, high=100)
    )
    max_orders_per_minute: int = _key(
        Whole(default=60, doc="Most new orders in any minute.", unit="orders per minute", low=1, high=3_000)
    )
    duplicate_window_s: int = _key(
        Whole(default=2, doc="The same order again within this time is refused; 0 allows it.", unit="seconds", low=0, high=60)
    )
    max_open_orders: int = _key(Whole(default=50, doc="Most working orders at a time.", unit="orders", low=1, high=500))
    median_factor: Decimal = _key(
        Amount(
            default=Decimal(10),
            doc="An order larger than this many times the median of your last 20 in the instrument asks once more.",
            unit="times the median size",
            low=Decimal(2),
            high=Decimal(1_000),
        )
    )
    reduce_after_failures: int = _key(
        Whole(
            default=3,
            doc="Order requests in a row without a proper answer after which only exits are sent, until :resume.",
            unit="requests",
            low=1,
            high=100,
        )
    )
    halt_after_failures: int = _key(
        Whole(
            default=5,
            doc="The same, after which trading is halted; that survives a restart and is left by typing the venue's name.",
            unit="requests",
            low=1,
            high=100,
        )
    )
    position_mode: Mode = _key(
        Choice(
            default=Mode.ANY,
            doc="Entries are refused while the venue's position mode is another one than this.",
            words=Mode,
        )
    )
    daily_loss_limit: Decimal = _key(
        Amount(
            default=ZERO,
            doc="Loss of the UTC day, realised and open, at which trading is halted: only exits are sent, until the venue's name"
            " is typed after :resume, also after a restart; 0 for no such limit.",
            unit="USD or equivalent",
            low=ZERO,
            high=_MOST_MONEY,
        )
    )

    def limits(self) -> Limits:
        """Return the limits in the form that ``core.risk.check`` takes."""
        from tui_trader.core.risk import Limits  # late: the configuration is read before the first paint
        from tui_trader.core.types import PositionMode

        return Limits(
            order_notional=self.max_order_notional,
            position_notional=self.max_position_notional,
            gross_notional=self.max_gross_notional,
            open_orders=self.max_open_orders,
            band_percent=self.price_band_percent,
            through_percent=self.cross_band_percent,
            duplicate_s=self.duplicate_window_s,
            median_factor=self.median_factor,
            per_second=self.max_orders_per_second,
            per_minute=self.max_orders_per_minute,
            day_loss=self.daily_loss_limit or None,
            mode=None if self.position_mode is Mode.ANY else PositionMode(self.position_mode.value),
        )

    def failure_limits(self) -> FailureLimits:
        """Return how many unanswered order requests are borne."""
        from tui_trader.desk.controls import FailureLimits

        return FailureLimits(reducing=self.reduce_after_failures, halted=self.halt_after_failures)


def _stale(default: float, doc: str) -> float:
    return _key(Seconds(default=default, doc=doc, unit="seconds", low=0.1, high=120))


@dataclass(frozen=True, slots=True)
class Feed:
    """When a number is too old to act on, and how market data is read."""

    book_stale_s: float = _stale(1.0, "A book not updated for this long is stale: entries against it are refused.")
    mark_stale_s: float = _stale(3.0, "The same for the mark price.")
    private_stale_s: float = _stale(15.0, "Silence on the account's own connection after which it counts as dead.")
    gate_ms: int = _key(
        Whole(
            default=10,
            doc="Pause between reads of public market data, which lets messages gather and saves CPU; 0 reads at once."
            " Own orders and fills are never held back.",
            unit="milliseconds",
            low=0,
            high=100,
        )
    )


@dataclass(frozen=True, slots=True)
class Hangup:
    """What happens when the terminal goes away (SSH drops, window closes)."""

    on_hangup: OnHangup = _key(
        Choice(
            default=OnHangup.KEEP,
            doc="keep leaves resting orders at the venue; cancel_all asks the venue to cancel them before the program ends"
            " (2 seconds at most).",
            words=OnHangup,
        )
    )
    guardian: bool = _key(
        Flag(
            default=False,
            doc="Start a second process that carries out on_hangup when this program is killed or the machine's session ends"
            " so suddenly that it cannot do so itself; it writes what came of it into the journal. Not for the private built-in"
            " exchange.",
        )
    )


@dataclass(frozen=True, slots=True)
class History:
    """The local copy of orders, fills, funding and transfers, one file for each account; what export and the fills pane read."""

    keep_days: int = _key(
        Whole(
            default=730,
            doc="How long rows are kept; open orders stay. The venue keeps less: about 90 days.",
            unit="days",
            low=1,
            high=36_500,
        )
    )
    max_rows: int = _key(
        Whole(
            default=250_000,
            doc="Most rows of each kind; the oldest make room. A quarter of a million fills take about 60 MB.",
            unit="rows",
            low=1_000,
            high=10_000_000,
        )
    )


class Notify(StrEnum):
    """How the terminal is asked to tell the desktop."""

    OFF = "off"
    OSC9 = "osc9"
    OSC777 = "osc777"


@dataclass(frozen=True, slots=True)
class Watching:
    """The watchlist and the alerts."""

    symbols: tuple[str, ...] = _key(
        Many(
            default=(),
            doc="Instruments on the watchlist until :watch has changed it; none takes general.symbols.",
            element=Name(default="", doc="", pattern=r"[A-Za-z0-9._-]{1,32}", meaning="a symbol like BTCUSDT"),
            least=0,
            most=100,
            distinct=True,
        )
    )
    bell: bool = _key(Flag(default=True, doc="Whether every alert rings the terminal's bell, also one that does not say bell."))
    notify: Notify = _key(
        Choice(
            default=Notify.OSC9,
            doc="What shows an alert with say on the desktop: OSC 9 (iTerm2, kitty, WezTerm, Windows Terminal),"
            " OSC 777 (foot, urxvt, Ghostty), or none.",
            words=Notify,
        )
    )
    tmux_passthrough: bool = _key(
        Flag(
            default=False,
            doc="Hand that through tmux to the terminal around it; tmux needs allow-passthrough on. Without it nothing is sent"
            " inside tmux.",
        )
    )
    run_programs: bool = _key(
        Flag(
            default=False,
            doc="Whether an alert may start the program it names after run. Without a shell, for 10 seconds at most, without"
            " secrets in its environment. Only this file can say so.",
        )
    )
    margin_percent: Decimal = _percent(
        "0.1", "How far past its bound a figure has to move back before a repeating alert may fire again.", "0", "50"
    )
    calm_s: int = _key(
        Whole(
            default=60, doc="Least time between two firings of a repeating alert on figures.", unit="seconds", low=0, high=86_400
        )
    )
    tape_sizes: tuple[Decimal, ...] = _key(
        Many(
            default=tuple(Decimal(value) for value in (1_000, 10_000, 100_000)),
            doc="Steps of the tape's size filter, as values; a trade below the chosen one is left out.",
            unit="quote currency",
            element=Amount(default=ZERO, doc="", low=ZERO, high=_MOST_MONEY, open_low=True),
            least=1,
            most=8,
        )
    )


@dataclass(frozen=True, slots=True)
class Candles:
    """The local store of candles, one file for each venue and environment; what the chart and 'tui-trader candles' read."""

    record: bool = _key(
        Flag(
            default=True,
            doc="Keep seconds made of the trades of watched symbols, and the venue's longer bars. Off, the chart remembers no"
            " longer than the terminal runs.",
        )
    )
    seconds_days: int = _key(
        Whole(
            default=14,
            doc="How long seconds are kept. Minutes made of them stay longer, hours and days for ever.",
            unit="days",
            low=1,
            high=36_500,
        )
    )
    minutes_days: int = _key(Whole(default=400, doc="How long minutes are kept.", unit="days", low=2, high=36_500))
    max_seconds: int = _key(
        Whole(
            default=10_000_000,
            doc="Most seconds of all symbols together; the oldest days make room. Ten million take about 430 MB.",
            unit="rows",
            low=100_000,
            high=1_000_000_000,
        )
    )


@dataclass(frozen=True, slots=True)
class Sim:
    """The built-in exchange, used while general.env is sim."""

    seed: int = _key(Whole(default=1, doc="Seed of its market: the same seed moves prices the same way.", low=0, high=2**31 - 1))
    balance: Decimal = _key(
        Amount(
            default=Decimal(10_000),
            doc="Money in the account at its start.",
            unit="USDT",
            low=ZERO,
            high=_MOST_MONEY,
            open_low=True,
        )
    )
    speed: float = _key(Seconds(default=1.0, doc="How fast its time passes.", unit="times real time", low=0.1, high=100))


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """What is particular to one venue."""

    rest_url: str = _key(Address(default="", doc="Address of requests while general.env is custom.", secure="https", bare="http"))
    ws_url: str = _key(
        Address(default="", doc="Address of the feed while general.env is custom.", secure="wss", bare="ws", paths=True)
    )
    rest_host: str = _key(
        Name(
            default="usual",
            doc="Another host of the venue's own to send requests to while general.env is live, where it has several.",
            pattern=_HOST,
            meaning='a host name like api.example.com, or "usual"',
        )
    )
    allow_remote_custom: bool = _key(
        Flag(
            default=False,
            doc="Let custom addresses lead off this machine. Signed requests go there: whoever runs that host can replay them.",
        )
    )
    secret_command: tuple[str, ...] = _key(
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
    def choices(self) -> dict[str, bool]:
        """What the venue is built with, where there is anything to choose."""
        return {}


class Profile(StrEnum):
    """How a venue is to take the orders of this terminal."""

    RETAIL = "retail"
    PRO = "pro"


@dataclass(frozen=True, slots=True)
class ParadexSettings(VenueSettings):
    """What is particular to Paradex."""

    profile: Profile = _key(
        Choice(
            default=Profile.RETAIL,
            doc="How orders count: retail takes at 0.024 % behind a speed bump of 0.3 s, at most 3 orders a second, 30 a minute,"
            " 300 an hour and 1000 a day (beyond, the venue counts them as pro without a word); pro takes at 0.045 % without"
            " these limits.",
            words=Profile,
        )
    )
    cancel_on_disconnect: bool = _key(
        Flag(
            default=False,
            doc="Have the venue cancel the open orders of the account when the private connection ends, protective stops among"
            " them.",
        )
    )

    @property
    def choices(self) -> dict[str, bool]:
        """What the venue is built with."""
        return {"interactive": self.profile is Profile.RETAIL, "cancel_on_disconnect": self.cancel_on_disconnect}


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections; immutable once loaded."""

    general: General = General()
    ui: Ui = Ui()
    ticket: Ticket = Ticket()
    risk: Risk = Risk()
    feed: Feed = Feed()
    hangup: Hangup = Hangup()
    history: History = History()
    candles: Candles = Candles()
    alerts: Watching = Watching()
    sim: Sim = Sim()
    phemex: VenueSettings = VenueSettings()
    """Section ``[venues.phemex]``."""
    mexc: VenueSettings = VenueSettings()
    """Section ``[venues.mexc]``."""
    paradex: ParadexSettings = ParadexSettings()
    """Section ``[venues.paradex]``."""

    def venue(self, name: str) -> VenueSettings:
        """Return the settings of a venue; the defaults for one without a section."""
        return {"phemex": self.phemex, "mexc": self.mexc, "paradex": self.paradex}.get(name, VenueSettings())


SECTIONS: dict[str, type[Any]] = {
    "general": General,
    "ui": Ui,
    "ticket": Ticket,
    "risk": Risk,
    "feed": Feed,
    "hangup": Hangup,
    "history": History,
    "candles": Candles,
    "alerts": Watching,
    "sim": Sim,
    "venues.phemex": VenueSettings,
    "venues.mexc": VenueSettings,
    "venues.paradex": ParadexSettings,
}
"""Section as written in the file -> its dataclass, in the order of the example."""


def keys_of(section: str) -> dict[str, Key[Any]]:
    """Return the keys of a section by name."""
    return {one.name: one.metadata["key"] for one in fields(SECTIONS[section])}


KEYS: dict[str, Key[Any]] = {f"{section}.{name}": key for section in SECTIONS for name, key in keys_of(section).items()}
"""Every key by its dotted name."""
