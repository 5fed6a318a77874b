"""Entry: a text field of one row. Typing into it draws that row again and nothing else.

Textual takes a change of how much text there is for a change of layout, because a field may be as wide as its text. Ours never
are, and a layout of the whole screen, with every pane drawn anew, is what a key would otherwise wait for.
"""

from __future__ import annotations

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input


class Entry(Input):
    """An Input whose width does not depend on what is typed into it."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)
