"""Funding: when it falls due, each contract at its own interval, and who is charged what."""

from __future__ import annotations

from tui_trader.core.clock import NS
from tui_trader.core.instrument import Instrument
from tui_trader.sim.floor import Floor
from tui_trader.sim.ledger import is_house
from tui_trader.sim.listing import Listing


def first_due_ns(instrument: Instrument, now_ns: int) -> int:
    """Return the first moment after ``now_ns`` at which a contract's funding falls due."""
    interval = instrument.funding_interval_s * NS
    return now_ns - now_ns % interval + interval


def settle(floor: Floor, to_ns: int) -> None:
    """Charge all that has fallen due up to a moment."""
    for listing in floor.listings.values():
        state = listing.state
        while state.next_funding_ns <= to_ns:
            due = state.next_funding_ns
            state.next_funding_ns += listing.instrument.funding_interval_s * NS
            _charge(floor, listing, due)


def _charge(floor: Floor, listing: Listing, due_ns: int) -> None:
    """Charge every position of a contract at its rate and mark; users are told."""
    rate, mark = listing.state.funding_rate, listing.mark
    if not rate or not mark:
        return
    currency = listing.instrument.settle
    for account_id, account in floor.ledger.accounts.items():
        for position in account.positions.values():
            if position.symbol != listing.symbol or not position.qty:
                continue
            amount = floor.ledger.charge_funding(account_id, position, rate, mark)
            position.last_funding_ns = due_ns
            if is_house(account_id):
                continue
            leg = position.position_side
            floor.outbox.funding(account_id, position.symbol, leg, position.qty, rate, amount, mark, due_ns)
            floor.outbox.touch_account(account_id, currency)
            floor.outbox.touch_position(account_id, position.symbol, leg)
