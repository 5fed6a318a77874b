"""What an order would be, in phrases: under the prompt while it is typed, and as the answer to ``dry`` and ``size``."""

from __future__ import annotations

from tui_trader.core.decimals import plain
from tui_trader.desk.draft import StageView
from tui_trader.desk.runs import NOTE


def phrases(view: StageView) -> list[str]:
    """Return size and value, what objects, risk and ratio, the most important first."""
    if view.ticket is None or view.preview is None:
        said = (view.problem or "there is no price to compute with", view.fix and f"try: {view.fix}")
        return [phrase for phrase in said if phrase]
    instrument, preview = view.instrument, view.preview
    found = [f"{view.ticket.side} {plain(view.ticket.qty)} {instrument.size_unit} = {preview.notional:,.2f} {instrument.settle}"]
    if view.orders:
        first, last = view.orders[0], view.orders[-1]
        found.append(
            f"{len(view.orders)} orders {plain(first.qty)} @ {plain(first.price or preview.price)} to"
            f" {plain(last.qty)} @ {plain(last.price or preview.price)}, average {preview.price:,.2f}"
        )
    if view.objections:
        found.append(f"! {view.objections[0].text}")
    if preview.risk is not None:
        found.append(f"risk {preview.risk:,.2f}")
    if preview.ratio is not None:
        found.append(f"RR {preview.ratio:,.2f}")
    if view.draft.chase is not None or view.draft.good_for is not None:
        found.append(NOTE)
    return found
