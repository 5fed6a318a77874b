"""The smallest program of Textual that shows something: what any Textual program costs to start and to keep."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class MinimalApp(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        yield Static("ready to trade")


if __name__ == "__main__":
    MinimalApp().run()
