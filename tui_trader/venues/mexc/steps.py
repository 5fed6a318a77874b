"""Settings that take MEXC several requests: what is held is asked first, because a position is named by its id.

It must not send: an answer's verdict carries the request for the next step. Source: position endpoints of the futures API
documentation (switch leverage, increase or decrease margin).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from tui_trader.core.decimals import plain
from tui_trader.core.types import MarginMode, PositionMode, PositionSide, Side
from tui_trader.venues.base import Outcome, Request, RequestKind, Verdict
from tui_trader.venues.mexc import words
from tui_trader.venues.mexc.rows import Row
from tui_trader.venues.mexc.terms import Terms

PRIVATE = "/api/v1/private"

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Steps:
    """What is being set, contract by contract; one setting of a contract at a time."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._leverage: dict[str, tuple[Decimal, MarginMode]] = {}
        self._margin: dict[str, tuple[PositionSide, Decimal]] = {}
        self._left: dict[str, list[Request]] = {}

    def want_leverage(self, symbol: str, leverage: Decimal, mode: MarginMode) -> None:
        """Note what is to be set; what was left of an earlier setting is forgotten."""
        self._leverage[symbol] = (leverage, mode)
        self._left.pop(symbol, None)

    def want_margin(self, symbol: str, side: PositionSide, margin: Decimal) -> None:
        """Note what is to be set."""
        self._margin[symbol] = (side, margin)
        self._left.pop(symbol, None)

    def leverage_of(self, symbol: str, held: list[Row]) -> Verdict:
        """Return the first of the requests that set a leverage, now that it is known what is held."""
        leverage, mode = self._leverage[symbol]
        number = Decimal(plain(leverage))
        ids: dict[int, str] = {}
        for row in held:
            kind = row.whole("positionType")
            if row.word(words.MARGIN, "openType") is not mode:
                text = f"the open {symbol} position is backed the other way: margin mode changes only without a position"
                return Verdict(Outcome.REJECTED, "2019", text)
            ids[kind] = row.identity("positionId")
        open_type = words.MARGIN_TO_WIRE[mode]
        bodies: list[dict[str, Any]] = [
            {"positionId": int(ids[kind]), "leverage": number}
            if ids.get(kind, "").isdigit()
            else {"openType": open_type, "leverage": number, "symbol": symbol, "positionType": kind}
            for kind in (1, 2)
        ]
        requests = [self._setting("set_leverage", "position/change_leverage", body, symbol) for body in bodies]
        told = Request(
            RequestKind.READ, "leverage", "GET", f"{PRIVATE}/position/leverage", f"symbol={symbol}", group="account", ref=symbol
        )
        self._left[symbol] = [*requests[1:], told]
        return Verdict(Outcome.ACK, next_page=requests[0])

    def margin_of(self, symbol: str, held: list[Row]) -> Verdict:
        """Return the request that brings the margin of a position to what it is to be."""
        leg, wanted = self._margin[symbol]
        for row in held:
            side = row.word(words.HELD, "positionType")
            own = PositionSide.LONG if side is Side.BUY else PositionSide.SHORT
            if self._terms.mode is PositionMode.HEDGED and own is not leg:
                continue
            identity = row.identity("positionId")
            by = wanted - row.amount("im")
            if not by:
                return Verdict(Outcome.ACK)
            body = {
                "positionId": int(identity) if identity.isdigit() else identity,
                "amount": Decimal(plain(abs(by))),
                "type": "ADD" if by > 0 else "SUB",
            }
            return Verdict(Outcome.ACK, next_page=self._setting("assign_margin", "position/change_margin", body, symbol))
        return Verdict(Outcome.REJECTED, "2009", f"there is no {symbol} position to give margin to")

    def done(self, request: Request) -> Verdict:
        """Return that a step is done, with the next one where there is one."""
        left = self._left.get(request.ref)
        return Verdict(Outcome.ACK, next_page=left.pop(0) if left else None)

    def _setting(self, what: str, path: str, body: Any, symbol: str) -> Request:
        return Request(RequestKind.SETTING, what, "POST", f"{PRIVATE}/{path}", body=_encode(body), group="settings", ref=symbol)
