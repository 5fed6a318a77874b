"""Risk units: one for everything cross in a stable coin, one for every isolated position; over REST and as the stream ``ras_p``.

Field lists are those of the documentation's REST sample and of the stream captured in 2024, which name the same things otherwise.
"""

from __future__ import annotations

from decimal import Decimal

import orjson

from tui_trader.core.clock import rfc3339
from tui_trader.core.decimals import ONE, ZERO, divide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.margin import maintenance
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.base import Peer, RestReply
from tui_trader.sim.masks.phemex_args import Args
from tui_trader.sim.masks.phemex_family import stable_contracts
from tui_trader.sim.masks.phemex_orders import answer
from tui_trader.sim.masks.phemex_rows import Row, currency_number, numeric_account, text
from tui_trader.sim.types import SimPosition

TOPIC = "ras_p"
NO_RISK = Decimal(999)
"""Margin ratio of what needs no margin."""


class _Unit:
    """What stands behind a group of positions."""

    def __init__(self, exchange: Exchange, currency: str, positions: list[SimPosition], balance: Decimal) -> None:
        self.currency = currency
        self.positions = positions
        self.balance = balance
        self.profit = sum((exchange.unrealised(position) for position in positions), ZERO)
        self.cost = sum((exchange.position_margin(position) for position in positions), ZERO)
        self.need = sum((maintenance(exchange.instruments[one.symbol], one.cost, one.risk_limit) for one in positions), ZERO)
        self.equity = balance + self.profit

    @property
    def ratio(self) -> Decimal:
        """Equity over what is needed, at most 999."""
        return min(NO_RISK, divide(self.equity, self.need)) if self.need else NO_RISK


class Risk:
    """The risk units of every account, asked for and streamed."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._contracts = stable_contracts(exchange)
        self._subscribers: dict[str, dict[Peer, None]] = {}
        self._version = 100
        self._sequence = 13_000_000

    def units(self, account: str, args: Args) -> RestReply:
        """``GET /g-accounts/risk-unit``: numbers are JSON numbers here."""
        user = numeric_account(account, "")[0]
        rows = []
        for unit, isolated, used in self._units(account):
            rows.append(
                {
                    "userId": user,
                    "riskMode": "Isolated" if isolated else "CrossAsset",
                    "valuationCcy": currency_number(unit.currency),
                    "symbol": unit.positions[0].symbol if isolated else "",
                    "posSide": words.POSITION_SIDE[unit.positions[0].position_side] if isolated else "",
                    "marginRatioRr": _number(unit.ratio),
                    "totalBalanceRv": _number(unit.balance),
                    "totalEquityRv": _number(unit.equity),
                    "estAvailableBalanceRv": _number(self._free(unit, isolated, used)),
                    "totalFreeRv": 0,
                    "totalPosUnpnlRv": _number(unit.profit),
                    "totalPosCostRv": _number(unit.cost),
                    "totalPosMMRv": _number(unit.need),
                    "totalOrdUsedBalanceRv": _number(ZERO if isolated else used - unit.cost),
                    "totalOrdOpenLossRv": 0,
                    "fixedUsedRv": 0,
                }
            )
        return answer(rows)

    # -- the stream ------------------------------------------------------------------------------------------------

    def subscribe(self, peer: Peer, account: str) -> None:
        """Send an account's units, and again whenever something of the account changes."""
        self._subscribers.setdefault(account, {})[peer] = None
        peer.send(self._message(account, "snapshot"), TOPIC)

    def unsubscribe(self, peer: Peer, account: str) -> None:
        """Tell a client nothing more."""
        peers = self._subscribers.get(account, {})
        peers.pop(peer, None)
        if not peers:
            self._subscribers.pop(account, None)

    @property
    def idle(self) -> bool:
        """Whether nobody listens."""
        return not self._subscribers

    def publish(self, account: str) -> None:
        """Tell what an account's units are now."""
        peers = self._subscribers.get(account)
        if peers:
            message = self._message(account, "incremental")
            for peer in peers:
                peer.send(message, TOPIC)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _units(self, account: str) -> list[tuple[_Unit, bool, Decimal]]:
        """Return (unit, whether it is isolated, what orders and positions use) of each currency and isolated position."""
        exchange = self._exchange
        out = []
        open_ = [one for one in exchange.positions(account) if one.qty and one.symbol in self._contracts]
        for currency in exchange.accounts[account].balances:
            if not any(one.settle == currency for one in self._contracts.values()):
                continue
            here = [one for one in open_ if self._contracts[one.symbol].settle == currency]
            apart = [one for one in here if one.isolated]
            backing = sum((one.margin for one in apart), ZERO)
            balance, used = exchange.wallet(account, currency)
            cross = _Unit(exchange, currency, [one for one in here if not one.isolated], balance - backing)
            out.append((cross, False, used - backing))
            out += [(_Unit(exchange, currency, [one], one.margin), True, one.margin) for one in apart]
        return out

    def _free(self, unit: _Unit, isolated: bool, used: Decimal) -> Decimal:
        return unit.profit if isolated else unit.balance - used + min(ZERO, unit.profit)

    def _message(self, account: str, kind: str) -> bytes:
        self._version += 1
        self._sequence += 2
        exchange = self._exchange
        user, at = numeric_account(account, "")[0], rfc3339(exchange.now_ns)
        units: list[Row] = []
        wallets: list[Row] = []
        for unit, isolated, used in self._units(account):
            row: Row = {
                "estAvailableBalanceRv": text(self._free(unit, isolated, used)),
                "lastUpdateTimeNs": at,
                "marginRatioRr": text(round(unit.ratio, 8)),
                "posSide": words.POSITION_SIDE_NUMBER[unit.positions[0].position_side] if isolated else 0,
                "riskMode": "Isolated" if isolated else "CrossAsset",
                "symbol": unit.positions[0].symbol if isolated else "",
                "totalBalanceRv": text(unit.balance),
                "totalEquityRv": text(unit.equity),
                "userID": user,
                "userStatus": "Normal",
                "userType": "Normal",
                "valuationCurrency": unit.currency,
                "version": self._version,
            }
            if unit.positions:
                row |= {
                    "fixedUsedRv": "0",
                    "totalPosCostRv": text(unit.cost),
                    "totalPosMMRv": text(unit.need),
                    "totalPosUnpnlRv": text(unit.profit),
                }
            units.append(row)
            if not isolated:
                wallets.append(
                    {
                        "balanceRv": text(exchange.wallet(account, unit.currency)[0]),
                        "clReqVid": 1,
                        "currency": unit.currency,
                        "lastUpdateTimeNs": at,
                        "userID": user,
                        "version": self._version,
                    }
                )
        return orjson.dumps(
            {"risk_units": units, "risk_wallets": wallets, "sequence": self._sequence, "timestamp": 0, "type": kind}
        )


def _number(value: Decimal) -> orjson.Fragment:
    """Return an exact JSON number."""
    return orjson.Fragment(text(value.quantize(ONE.scaleb(-12))))
