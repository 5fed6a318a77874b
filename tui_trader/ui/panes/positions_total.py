"""All legs together: net and gross, and what they come to if every stop is hit, or every target.

Money of several currencies is added up in the account's, where fresh marks convert all of it; else each currency is told by
itself. It must not know rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.position import Position
from tui_trader.core.types import ContractKind
from tui_trader.state.cover import gain_at_targets, open_risk
from tui_trader.state.store import Store
from tui_trader.ui.format import NOTHING, money, worth
from tui_trader.ui.panes.spans import Part, Row, by_rank, part

EIGHT_HOURS_S = 28_800
"""What funding is told over, however often it is paid: so that contracts can be compared."""


def exposure(store: Store, legs: Sequence[Position]) -> tuple[Decimal, Decimal, bool]:
    """Return net and gross value in quote currency, and whether a part of it is old or unknown."""
    net, gross, doubtful = ZERO, ZERO, False
    for leg in legs:
        value = _value(store, leg)
        if value is None or not store.mark_is_fresh(leg.instrument):
            doubtful = True
        if value is not None and leg.side is not None:
            net += value * leg.side.sign
            gross += value
    return net, gross, doubtful


def stops_words(store: Store, legs: Sequence[Position], *, signed: bool = False) -> str:
    """Return what all stops together would lose; ``+unbounded`` when a part has no stop and so no bound."""
    covers = [(leg, store.instruments.get(leg.instrument), store.covers.of(leg)) for leg in legs]
    lost, bounded = open_risk(covers)
    if signed:
        lost = {currency: -amount for currency, amount in lost.items()}
    return risk_words((_summed(store, lost), bounded), signed=signed)


def targets_words(store: Store, legs: Sequence[Position]) -> str:
    """Return what all targets together would gain, and how many legs have none."""
    gained: dict[str, Decimal] = {}
    without = 0
    for leg in legs:
        instrument = store.instruments.get(leg.instrument)
        cover = store.covers.of(leg)
        gain = gain_at_targets(leg, instrument, cover) if instrument is not None else None
        if instrument is None or gain is None:
            without += 1
        else:
            gained[instrument.settle] = gained.get(instrument.settle, ZERO) + gain
    if not gained:
        return NOTHING
    text = " ".join(money(amount, currency, signed=True) for currency, amount in sorted(_summed(store, gained).items()))
    return f"{text} ({without} without)" if without else text


def profit_words(store: Store, legs: Sequence[Position]) -> tuple[str, str]:
    """Return the open profit of all legs in the account's currency, with ``?`` where it cannot be told now, and its role."""
    home, total, old = store.home_currency(), ZERO, False
    for leg in legs:
        instrument = store.instruments.get(leg.instrument)
        profit = store.unrealised(leg)
        converted = store.in_home(profit, instrument.settle) if profit is not None and instrument is not None else None
        old = old or converted is None or not store.mark_is_fresh(leg.instrument)
        total += converted or ZERO
    if home is None:
        return NOTHING, "dim"
    role = "stale" if old else "gain" if total > 0 else "loss" if total < 0 else "text"
    return money(total, home, signed=True) + ("?" if old else ""), role


def funding_words(store: Store, legs: Sequence[Position]) -> tuple[str, str]:
    """Return what the coming eight hours of funding would bring at the present rates and marks, and its role.

    An estimate: rates change until they are due. Empty where no leg has a rate, ``?`` where one of them has none or an old one.
    """
    paid: dict[str, Decimal] = {}
    doubtful = False
    for leg in legs:
        instrument, ticker = store.instruments.get(leg.instrument), store.ticker(leg.instrument)
        if instrument is None or leg.side is None or ticker.mark is None or ticker.funding_rate is None:
            doubtful = True
            continue
        doubtful = doubtful or not store.ticker_is_fresh(leg.instrument)
        times = divide(Decimal(EIGHT_HOURS_S), Decimal(instrument.funding_interval_s or EIGHT_HOURS_S))
        cost = instrument.value(leg.qty, ticker.mark) * ticker.funding_rate * leg.side.sign * times
        paid[instrument.settle] = paid.get(instrument.settle, ZERO) - cost
    if not paid:
        return "", "dim"
    text = " ".join(money(amount, currency, signed=True) for currency, amount in sorted(_summed(store, paid).items()))
    return f"funding 8h {text}{'?' if doubtful else ''} est", "stale" if doubtful else "text"


def total_row(store: Store, legs: Sequence[Position], width: int) -> Row:
    """Return the line under all legs."""
    net, gross, doubtful = exposure(store, legs)
    long = (gross + net) / 2
    role, mark = ("stale", "?") if doubtful else ("text", "")
    profit, profit_role = profit_words(store, legs)
    parts: list[Part] = [
        part(0, "  TOTAL", "header"),
        part(6, f"long {worth(long, 5)}{mark}", role),
        part(7, f"short {worth(gross - long, 5)}{mark}", role),
        part(1, f"net {worth(net, 6, signed=True)}{mark}", role),
        part(2, f"gross {worth(gross, 5)}{mark}", role),
        part(5, f"uP&L {profit}", profit_role),
        part(3, f"all stops hit {stops_words(store, legs, signed=True)}", "text"),
        part(4, f"all targets hit {targets_words(store, legs)}", "text"),
        part(8, *funding_words(store, legs)),
    ]
    return by_rank(parts, width)


def risk_words(risk: tuple[dict[str, Decimal], bool], *, signed: bool = False) -> str:
    """Return the open risk by currency; ``+unbounded`` where a part has no stop."""
    lost, bounded = risk
    text = " ".join(money(amount, currency, signed=signed) for currency, amount in sorted(lost.items()))
    if not bounded:
        return f"{text}+unbounded" if text else "unbounded"
    return text or NOTHING


def _summed(store: Store, amounts: dict[str, Decimal]) -> dict[str, Decimal]:
    """Return amounts added up in the currency of totals; as they are where one of them cannot be converted now."""
    home = store.home_currency()
    converted = [store.in_home(amount, currency) for currency, amount in amounts.items()]
    if home is None or len(amounts) < 2 or any(amount is None for amount in converted):
        return amounts
    return {home: sum((amount for amount in converted if amount is not None), ZERO)}


def _value(store: Store, leg: Position) -> Decimal | None:
    instrument = store.instruments.get(leg.instrument)
    mark = store.ticker(leg.instrument).mark
    if instrument is None:
        return None
    if instrument.kind is ContractKind.INVERSE:
        return leg.qty * instrument.contract_size
    return None if mark is None else instrument.value(leg.qty, mark)
