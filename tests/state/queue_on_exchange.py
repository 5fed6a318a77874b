"""The estimate against the whole built-in exchange: its makers, takers and own orders, told at its own pace.

A limit order of ours rests some prices behind the touch. Every step of the exchange (50 ms) is told as the venue would tell it,
and what the Store makes of it is held against the real queue. ``python -m tests.state.queue_on_exchange`` says how far off it is.
"""

from __future__ import annotations

from decimal import Decimal as D

from tests.state.queueing import distribution
from tui_trader.core.clock import ManualClock
from tui_trader.core.event import BookDelta, BookSnapshot, InstrumentsListed, OrderChanged, TradesPrinted
from tui_trader.core.order import OrderReport
from tui_trader.core.tape import Trade
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus, OrderType, PositionSide, Side, VenueOrderId
from tui_trader.sim.exchange import STEP_NS, Exchange
from tui_trader.sim.market import SeededFlow
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.types import BookChange, NewOrder, PublicTrade
from tui_trader.state.store import Store

SYMBOL = "BTCUSDT"
IID = InstrumentId("phemex", SYMBOL)


def run(seed: int, steps: int, behind: int) -> tuple[list[D], int]:
    """Return the errors in shares of what stood at the price, and how often ``most`` was less than the truth."""
    clock = ManualClock()
    listed = [one for one in phemex_instruments() if one.symbol == SYMBOL]
    exchange = Exchange(listed, seed=seed, start_ns=clock.wall_ns(), flow=SeededFlow(always_on=(SYMBOL,)))
    exchange.open_account("me", {"USDT": D(1_000_000)})
    store = Store(clock)
    store.apply(InstrumentsListed("phemex", listed))
    listing, sequence = exchange.listings[SYMBOL], 0
    errors: list[D] = []
    broken = 0

    def tell() -> None:
        nonlocal sequence
        store.mono_ns = clock.mono_ns()
        for said in exchange.drain():
            sequence += 1
            if isinstance(said, PublicTrade):
                store.apply(TradesPrinted(IID, [Trade(said.at_ns, said.side, said.price, said.qty)], False))
            elif isinstance(said, BookChange):
                bids = [(str(price), str(qty)) for price, qty in said.bids]
                asks = [(str(price), str(qty)) for price, qty in said.asks]
                store.apply(BookDelta(IID, bids, asks, sequence, 0, said.at_ns))

    def step() -> None:
        clock.advance(STEP_NS / 1e9)
        exchange.advance(clock.wall_ns())
        tell()

    for _ in range(4):
        step()
    bids, asks = exchange.book(SYMBOL)
    store.apply(
        BookSnapshot(IID, [(str(p), str(q)) for p, q in bids], [(str(p), str(q)) for p, q in asks], sequence, 0, clock.wall_ns())
    )
    for number in range(steps // 200):
        bids, _ = exchange.book(SYMBOL)
        price = bids[min(behind, len(bids) - 1)][0]
        new = NewOrder(
            f"mine-{number}", SYMBOL, Side.BUY, OrderType.LIMIT, D("0.01"), price=price, position_side=PositionSide.MERGED
        )
        order = exchange.submit("me", new)
        if not order.status.is_open:
            continue
        report = OrderReport(
            IID,
            ClientOrderId(f"mine-{number}"),
            VenueOrderId(order.order_id),
            OrderStatus.LIVE,
            Side.BUY,
            OrderType.LIMIT,
            D("0.01"),
            price=price,
            at_ns=clock.wall_ns(),
        )
        tell()
        store.apply(OrderChanged(report))
        for _ in range(200):
            step()
            queue = [one for one in listing.book.walk(Side.BUY) if listing.price(one.ticks) == price]
            mine = next((one for one in queue if one.account == "me"), None)
            if mine is None or order.filled:
                break
            real = sum((listing.qty(one.lots) for one in queue if one.priority < mine.priority), D(0))
            known = store.blotter.get(report.client_id)
            place = store.place(known) if known is not None else None
            if place is not None:
                errors.append((place.ahead - real) / sum((listing.qty(one.lots) for one in queue), D(0)))
                broken += place.most < real
        exchange.cancel("me", SYMBOL, client_id=f"mine-{number}")
        tell()
    return errors, broken


if __name__ == "__main__":
    for ticks in (0, 2, 5, 10):
        found: list[D] = []
        wrong = 0
        for start in range(6):
            errors_of, broken_of = run(start, 4_000, ticks)
            found += errors_of
            wrong += broken_of
        print(f"{ticks} prices behind the touch: upper bound broken {wrong} times; {distribution(found)}")
