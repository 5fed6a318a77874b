"""What protects legs is remembered, and never longer than it is true."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from tests.state.test_cover import leg, stop
from tui_trader.core.types import ClientOrderId, OrderStatus
from tui_trader.state.blotter import Blotter
from tui_trader.state.cover import cover_of
from tui_trader.state.covers import Covers


def test_a_cover_follows_every_change_of_an_order_and_of_the_leg() -> None:
    blotter = Blotter()
    covers, held = Covers(blotter), leg()
    assert covers.of(held).is_naked
    for status, naked in ((OrderStatus.SENT, True), (OrderStatus.ARMED, False), (OrderStatus.CANCELED, True)):
        blotter.put(stop(status=status))
        assert covers.of(held) == cover_of(held, blotter.working(held.instrument))
        assert covers.of(held).is_naked is naked
        assert covers.of(held) is covers.of(held), "looked for once"
    blotter.put(stop(client_id=ClientOrderId("another")))
    grown = replace(held, qty=D("0.8"))
    assert not covers.of(held).is_naked
    assert covers.of(grown).is_naked, "another leg under the same key"
    assert not covers.of(held).is_naked
