"""What the screen looks like, how its keys behave, and what happens when it goes away."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tui_trader.desk.key import Choice, Flag, Name, Whole
from tui_trader.desk.settings.field import PLAIN_NAME, PLAIN_NAME_WORDS, key


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


class OnHangup(StrEnum):
    """What happens to resting orders when the terminal goes away."""

    KEEP = "keep"
    CANCEL_ALL = "cancel_all"


@dataclass(frozen=True, slots=True)
class Ui:
    """What the screen looks like and how it behaves."""

    theme: str = key(
        Name(
            default="midnight",
            doc="Colour theme: a shipped one or the name of a file in the themes directory beside this one.",
            pattern=PLAIN_NAME,
            meaning=PLAIN_NAME_WORDS,
        )
    )
    fps: int = key(Whole(default=20, doc="Most repaints on a local terminal.", unit="frames per second", low=1, high=60))
    fps_ssh: int = key(Whole(default=10, doc="Most repaints over SSH or mosh.", unit="frames per second", low=1, high=60))
    borders: Borders = key(
        Choice(default=Borders.AUTO, doc="Characters of frames; auto asks the locale whether it is UTF-8.", words=Borders)
    )
    up_color: UpColor = key(
        Choice(
            default=UpColor.GREEN,
            doc="Which of the theme's two colours means up, bid and profit; red swaps them everywhere.",
            words=UpColor,
        )
    )
    confirm: Confirm = key(
        Choice(
            default=Confirm.LARGE,
            doc="Which orders ask once more after Enter: none, those above half of risk.max_order_notional and reversals, or all."
            " Cancelling and closing never ask.",
            words=Confirm,
        )
    )
    confirm_reverse: bool = key(
        Flag(default=True, doc="Whether R shows both legs of a reversal and waits for Enter, even while keys are armed.")
    )
    arm_minutes: int = key(
        Whole(default=5, doc="How long A lets single keys send, until they are SAFE again.", unit="minutes", low=1, high=60)
    )
    keymap: Keys = key(
        Choice(
            default=Keys.DEFAULT,
            doc="Key map: scalper adds q w a s z x e f r t for the left hand, live on the ladder while keys are armed; keys of"
            " your own go into keymap.toml beside this file.",
            words=Keys,
        )
    )
    mouse: bool = key(
        Flag(
            default=False,
            doc="Listen to the mouse: a click sets the ladder's cursor and sends nothing."
            " Without it the terminal's own selection works.",
        )
    )


@dataclass(frozen=True, slots=True)
class Hangup:
    """What happens when the terminal goes away (SSH drops, window closes)."""

    on_hangup: OnHangup = key(
        Choice(
            default=OnHangup.KEEP,
            doc="keep leaves resting orders at the venue; cancel_all asks the venue to cancel them before the program ends"
            " (2 seconds at most).",
            words=OnHangup,
        )
    )
    guardian: bool = key(
        Flag(
            default=False,
            doc="Start a second process that carries out on_hangup when this program is killed or the machine's session ends"
            " so suddenly that it cannot do so itself; it writes what came of it into the journal. Not for the private built-in"
            " exchange.",
        )
    )
