"""A seeded market in Phemex's wire format: 85 % book increments, 10 % trades, 4 % ticker rows, 1 % account rows.

The shapes are those of captured frames (keys, their order, decimal text without trailing zeros); an account message is the
short one with a single wallet row. About 200 levels a side are kept. The stream knows its own truth: ``top`` is what every
reader of the frames must end with.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal

import orjson

from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, InstrumentId

SEED = 7
START_NS = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z."""

LEVELS = 200
"""Levels a side that the stream keeps."""

MIX = (("book", 85), ("trades", 10), ("ticker", 4), ("account", 1))
"""What the frames are, in percent."""

Top = tuple[list[tuple[Decimal, Decimal]], list[tuple[Decimal, Decimal]]]
"""Best bids and best asks as (price, size)."""

_FIELDS = [
    "symbol", "openRp", "highRp", "lowRp", "lastRp", "volumeRq", "turnoverRv", "openInterestRv", "indexRp", "markRp",
    "fundingRateRr", "predFundingRateRr", "bidRp", "askRp",
]  # fmt: skip


def symbols(count: int) -> list[str]:
    """Return the names of ``count`` made-up contracts, BTCUSDT first."""
    return ["BTCUSDT", *(f"B{number:02d}USDT" for number in range(1, count))][:count]


def instrument(symbol: str) -> Instrument:
    """Return the contract that a stream of ``symbol`` trades: tick 0.1, lot 0.001."""
    return Instrument(
        InstrumentId("phemex", symbol),
        ContractKind.LINEAR,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        settle="USDT",
        tick=Decimal("0.1"),
        lot=Decimal("0.001"),
    )


class Stream:
    """One contract's frames. The same seed gives the same bytes."""

    def __init__(self, symbol: str = "BTCUSDT", *, seed: int = SEED, mid: int = 975_200, sequence: int = 1_000_000) -> None:
        self.symbol = symbol
        self._random = random.Random(f"{seed} {symbol}")
        self._touch = mid
        """Bids rest at this many ticks or below, asks above."""
        self._sequence = sequence
        self._at_ns = START_NS
        self._bids = {mid - 3 * n - self._random.randrange(3): self._size() for n in range(LEVELS)}
        self._asks = {mid + 1 + 3 * n + self._random.randrange(3): self._size() for n in range(LEVELS)}
        self._kinds = [kind for kind, _ in MIX]
        self._weights = [percent for _, percent in MIX]

    def frames(self, count: int) -> Iterator[bytes]:
        """Yield ``count`` frames, the first of them the snapshot."""
        if count > 0:
            yield self.snapshot()
        for _ in range(count - 1):
            yield self.step()

    def snapshot(self) -> bytes:
        """Return the whole book as one frame."""
        bids = [[_price(ticks), _qty(self._bids[ticks])] for ticks in sorted(self._bids, reverse=True)]
        asks = [[_price(ticks), _qty(self._asks[ticks])] for ticks in sorted(self._asks)]
        return self._book(asks, bids, "snapshot")

    def step(self) -> bytes:
        """Return the next frame of the mix."""
        match self._random.choices(self._kinds, self._weights)[0]:
            case "book":
                return self._increment()
            case "trades":
                return self._trades()
            case "ticker":
                return self._ticker()
            case _:
                return self._account()

    def top(self, count: int = 25) -> Top:
        """Return the best ``count`` levels a side as they are after the last frame."""
        bids = sorted(self._bids, reverse=True)[:count]
        asks = sorted(self._asks)[:count]
        return (
            [(Decimal(_price(t)), Decimal(_qty(self._bids[t]))) for t in bids],
            [(Decimal(_price(t)), Decimal(_qty(self._asks[t]))) for t in asks],
        )

    # -- inside ----------------------------------------------------------------------------------------------------

    def _increment(self) -> bytes:
        """Change one to six levels; a moved touch deletes what it crosses, a full side its farthest level."""
        bids: dict[int, int] = {}
        asks: dict[int, int] = {}
        if self._random.random() < 0.1:
            self._touch += self._random.choice((-1, 1))
            bids |= {ticks: 0 for ticks in self._bids if ticks > self._touch}
            asks |= {ticks: 0 for ticks in self._asks if ticks <= self._touch}
        for _ in range(self._random.randint(1, 6)):
            away = min(int(self._random.expovariate(1 / 40)), 3 * LEVELS)
            if self._random.random() < 0.5:
                bids.setdefault(self._touch - away, self._new_size(self._bids, self._touch - away))
            else:
                asks.setdefault(self._touch + 1 + away, self._new_size(self._asks, self._touch + 1 + away))
        for held, changed, farthest in ((self._bids, bids, min), (self._asks, asks, max)):
            for ticks, size in changed.items():
                if size:
                    held[ticks] = size
                else:
                    held.pop(ticks, None)
            while len(held) > LEVELS:
                last = farthest(held)
                changed[last] = 0
                del held[last]
        return self._book(_rows(asks), _rows(bids), "incremental")

    def _new_size(self, held: dict[int, int], ticks: int) -> int:
        """Return a size; a third of the touched levels that exist, and enough of them remain, are deleted."""
        return 0 if ticks in held and len(held) > LEVELS // 2 and self._random.random() < 0.33 else self._size()

    def _book(self, asks: list[list[str]], bids: list[list[str]], kind: str) -> bytes:
        self._advance()
        return orjson.dumps(
            {
                "depth": 0,
                "orderbook_p": {"asks": asks, "bids": bids},
                "sequence": self._sequence,
                "symbol": self.symbol,
                "timestamp": self._at_ns,
                "type": kind,
            }
        )

    def _trades(self) -> bytes:
        self._advance()
        rows = []
        for _ in range(self._random.randint(1, 3)):
            side = self._random.choice(("Buy", "Sell"))
            rows.append([self._at_ns, side, _price(self._touch + (side == "Buy")), _qty(self._size())])
        return orjson.dumps({"sequence": self._sequence, "symbol": self.symbol, "trades_p": rows, "type": "incremental"})

    def _ticker(self) -> bytes:
        self._advance()
        last = _price(self._touch)
        mark = f"{(self._touch * 1000 + self._random.randrange(1000)) / 10_000:.4f}"
        row = [
            self.symbol, "96012.4", "98110", "95803.3", last, f"{8_000 + self._random.random() * 10:.3f}",
            f"{780_000_000 + self._random.random() * 1000:.4f}", "1204.337", mark, mark, "0.0001", "0.0001",
            last, _price(self._touch + 1),
        ]  # fmt: skip
        return orjson.dumps(
            {
                "data": [row],
                "fields": _FIELDS,
                "method": "perp_market24h_pack_p.update",
                "timestamp": self._at_ns,
                "type": "incremental",
            }
        )

    def _account(self) -> bytes:
        self._advance()
        wallet = {
            "accountBalanceRv": f"{10_000 + self._random.random():.7f}",
            "accountID": 88_606_880_003,
            "bonusBalanceRv": "0",
            "currency": "USDT",
            "status": 0,
            "totalUsedBalanceRv": "0",
            "tradeLevel": 0,
            "userID": 8_860_688,
            "userMode": "Classic",
        }
        return orjson.dumps(
            {
                "sequence": self._sequence,
                "timestamp": self._at_ns,
                "type": "incremental",
                "version": 0,
                "accounts_p": [wallet],
                "orders_p": [],
                "positions_p": [],
            }
        )

    def _size(self) -> int:
        return self._random.randint(1, 99_999)

    def _advance(self) -> None:
        self._sequence += self._random.randint(1, 9)
        self._at_ns += self._random.randint(50_000, 350_000)


def mixed(streams: list[Stream], count: int, seed: int = SEED) -> Iterator[bytes]:
    """Yield each stream's snapshot and then frames of streams drawn at random, ``count`` in all."""
    draw = random.Random(seed)
    for stream in streams:
        yield stream.snapshot()
    for _ in range(count - len(streams)):
        yield draw.choice(streams).step()


def _rows(levels: dict[int, int]) -> list[list[str]]:
    return [[_price(ticks), _qty(size)] for ticks, size in levels.items()]


def _price(ticks: int) -> str:
    whole, tenth = divmod(ticks, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


def _qty(lots: int) -> str:
    return f"{lots // 1000}.{lots % 1000:03d}".rstrip("0").rstrip(".")
