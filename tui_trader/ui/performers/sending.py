"""Enter: what is staged leaves once, after every doubt about it was shown."""

from __future__ import annotations

from tui_trader.core.error import CommandError
from tui_trader.core.types import Severity
from tui_trader.desk.draft import StageView
from tui_trader.desk.settings import Confirm
from tui_trader.ui.performers.bench import Bench, Performer
from tui_trader.ui.twice import READING_NS


class Sending:
    """Sends the staged order, or says what speaks against it and waits for another Enter."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {"send": self.send}

    def send(self) -> None:
        """Send what is staged; with a doubt that was not shown yet, show it instead."""
        bench = self._bench
        view = bench.desk.stage.view()
        if view is None:
            raise CommandError("nothing is staged", fix="b or s stages an order")
        if view.problem:
            raise CommandError(view.problem, fix=view.fix)
        if not view.draft.reduce_only:
            bench.see()
        doubts = self._doubts(view)
        news = [text for rule, text in doubts.items() if rule not in bench.agreed]
        if view.sendable and doubts and (news or not bench.twice.press("send", READING_NS)):
            # The first Enter shows them; a second one too soon after it is a held key, or was typed before they were read.
            if news:
                bench.twice.forget()
                bench.twice.press("send")
            bench.agreed = frozenset(doubts)
            bench.surface.say(f"{next(iter(news or doubts.values()))}: Enter again sends", Severity.WARNING)
            return
        bench.agreed = frozenset()
        bench.returned = False
        # Judged and forgotten before anything is awaited: a second Enter finds nothing to send.
        work = bench.desk.begin_send()
        bench.surface.clear()  # what was said before, "Enter again" perhaps, is over
        bench.surface.run("send", bench.tell(work, "order"))

    def _doubts(self, view: StageView) -> dict[str, str]:
        """Return why Enter should be pressed once more, by rule: soft objections, or the confirm policy."""
        confirm = self._bench.habits.confirm
        soft = {objection.code.value: objection.text for objection in view.objections if not objection.hard}
        if self._bench.returned and not (view.draft.closes or view.draft.reduce_only):
            soft["returned"] = f"staged before another account was on the screen, for {self._bench.desk.account.name}"
        if self._bench.refused:
            # The second of two quick Enters was for the line, not for what stands here now.
            soft["refused"] = "it was refused as it was entered and still stands here"
        if soft or view.draft.closes or view.draft.reduce_only or confirm is Confirm.NEVER:
            return soft
        if confirm is Confirm.ALWAYS:
            return {"confirm": "every entry is confirmed"}
        large = self._bench.desk.facts.limits.order_notional / 2
        if view.preview is not None and view.preview.quote_notional > large:
            return {"confirm": f"more than half of the largest order ({large:,.0f})"}
        return {}
