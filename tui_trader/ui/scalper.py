"""The second shipped key map: the cluster under the left hand that scalpers know. Live only on the ladder, and only while ARMED.

Every row does what the action of the same id without ``scalper.`` does.
"""

from __future__ import annotations

from tui_trader.ui.action import Action, Context

PREFIX = "scalper."


def _row(name: str, key: str, text: str, *, adds_exposure: bool = False) -> Action:
    return Action(f"{PREFIX}{name}", (key,), Context.SCALPER, f"SCALPER: {text}", adds_exposure)


SCALPER: tuple[Action, ...] = (
    _row("join.buy.now", "q", "buy at the bid", adds_exposure=True),
    _row("join.sell.now", "w", "sell at the ask", adds_exposure=True),
    _row("cross.buy.now", "a", "buy at the market, with the slippage cap", adds_exposure=True),
    _row("cross.sell.now", "s", "sell at the market, with the slippage cap", adds_exposure=True),
    _row("take.buy.now", "z", "buy what is offered at the ask, no worse", adds_exposure=True),
    _row("take.sell.now", "x", "sell into the bid, no worse", adds_exposure=True),
    _row("cancel.symbol", "e", "cancel every order of the symbol"),
    _row("cancel.selected", "f", "cancel the order under the cursor, else the newest"),
    _row("close.now", "r", "close the whole position at once"),
    _row("reverse.now", "t", "turn around; at once only with confirm_reverse off", adds_exposure=True),
    _row("recentre", "space", "recentre the ladder"),
)
