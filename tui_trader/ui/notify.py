"""What an alert sends to the terminal itself: the bell, and a notification for the desktop around it.

The text is made safe first: whatever an instrument is called, nothing but these sequences reaches the terminal.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tui_trader.core.sanitise import sanitise
from tui_trader.desk.settings import Notify

BELL = "\x07"

LONGEST = 160
"""Cells of text in a notification; desktops show two lines or so."""

_TITLE = "tui-trader"
_ST = "\x1b\\"


def notification(text: str, how: Notify, *, passthrough: bool = False, environ: Mapping[str, str] = os.environ) -> str:
    """Return the sequence that shows ``text`` on the desktop; empty where there is no way.

    OSC 9 takes a text, OSC 777 a title and a text. tmux keeps both for itself unless it is told to pass them on, which needs
    ``allow-passthrough on`` there; screen has no such way.
    """
    safe = sanitise(text, LONGEST)
    if how is Notify.OSC9:
        sequence = f"\x1b]9;{_TITLE}: {safe}{_ST}"
    elif how is Notify.OSC777:
        # A semicolon would begin another field.
        sequence = f"\x1b]777;notify;{_TITLE};{safe.replace(';', ',')}{_ST}"
    else:
        return ""
    if environ.get("TMUX"):
        return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}{_ST}" if passthrough else ""
    return "" if environ.get("STY") else sequence
