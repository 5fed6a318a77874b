"""Attention over a Store that events fill, on a clock that stands still: no desk, no network."""

from __future__ import annotations

from collections.abc import Coroutine
from decimal import Decimal as D
from pathlib import Path
from typing import Any

from tests.ui.panes.conftest import BTC, World
from tui_trader.core.alert_text import read_whole, spell_condition
from tui_trader.core.facts import TradingState
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.alert_file import AlertFile
from tui_trader.desk.alerts import Alert, Firing
from tui_trader.desk.attention import Attention, AttentionTerms
from tui_trader.storage.state_file import StateFile


class Post:
    """A look-out: a world, and an Attention that watches it."""

    def __init__(self, path: Path | None = None, terms: AttentionTerms | None = None, world: World | None = None) -> None:
        self.world = world or World().trading()
        self.said: list[tuple[str, Severity]] = []
        self.fired: list[Firing] = []
        self.work: list[tuple[str, Coroutine[Any, Any, Any]]] = []
        self.records: list[tuple[str, dict[str, str]]] = []
        self.followed: list[InstrumentId] = []
        self.reconciled = True
        self.keeps = True
        self.state = TradingState.ACTIVE
        self.attention = Attention(
            store=self.world.store,
            clock=self.world.clock,
            terms=terms or AttentionTerms(),
            file=AlertFile(StateFile(path) if path else None, spell=spell_condition, read=read_whole),
            spell=spell_condition,
            reconciled=lambda: self.reconciled,
            trading=lambda: self.state,
            keeps=lambda: self.keeps,
            follow=self.followed.append,
            spawn=lambda name, work: self.work.append((name, work)),
            say=lambda text, severity: self.said.append((text, severity)),
            record=lambda kind, body: self.records.append((kind, body)),
        )
        self.attention.alerts.on_fire.append(self.fired.append)
        self.attention.start()
        self.hear()

    def name(self, text: str) -> str:
        return text.upper() or BTC.symbol

    def alert(self, text: str, **more: Any) -> Alert:
        if isinstance(more.get("repeat"), str):
            more["repeat"] = D(more["repeat"])
        return self.attention.alerts.add(read_whole(text), name=self.name, **more)

    def hear(self) -> None:
        """Let both lanes be heard of just now."""
        for lane in ("public", "private"):
            self.world.store.heard("phemex", lane)

    def look(self) -> list[str]:
        """Look once; return what fired."""
        before = len(self.fired)
        self.attention.look()
        return [firing.text for firing in self.fired[before:]]

    def tick(self, iid: InstrumentId = BTC, seconds: float = 1.0, **prices: str) -> list[str]:
        """Let time pass, say prices, and look; return what fired."""
        self.world.clock.advance(seconds)
        self.hear_now()
        if prices:
            self.world.ticker(iid, **prices)
        return self.look()

    def hear_now(self) -> None:
        self.world.store.mono_ns = self.world.clock.mono_ns()
        self.hear()

    def sayings(self) -> str:
        return "\n".join(text for text, _ in self.said)

    async def done(self) -> None:
        """Do the work that was started."""
        while self.work:
            await self.work.pop(0)[1]
