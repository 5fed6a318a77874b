"""What MEXC tells an account that asks: orders, executions, positions, money, settings."""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.decimals import ONE, ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import PositionMode, PositionSide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.mexc_pages import in_states, numbered, page_of
from tui_trader.sim.masks.mexc_rows import Rows, held_kind, is_order, term_kind
from tui_trader.sim.masks.mexc_terms import MILLI, REFUSALS, Args, Complaint, amount, number, success, whole
from tui_trader.sim.masks.mexc_waiting import GONE
from tui_trader.sim.terms import terms
from tui_trader.sim.types import Refusal, SimOrder, SimPosition, SimStatus


class AccountReads:
    """Answers about one account, and its settings."""

    def __init__(self, exchange: Exchange, rows: Rows) -> None:
        self._exchange = exchange
        self._rows = rows

    # -- orders ----------------------------------------------------------------------------------------------------

    def open_orders(self, account: str, args: Args) -> RestReply:
        """Return what rests, newest first."""
        orders = [one for one in self._open(account, args) if one.status is not SimStatus.UNTRIGGERED]
        return success(page_of([self._rows.order(one) for one in reversed(orders)], args))

    def history(self, account: str, args: Args) -> RestReply:
        """Return orders in the states that are asked for, newest first."""
        symbol = args.get("symbol") or None
        orders = [*self._exchange.closed_orders(account, symbol), *self._open(account, args)]
        orders = [one for one in orders if _was_taken(one) and is_order(one)]
        since, until = whole(args, "start_time", 0), whole(args, "end_time", 1 << 62)
        rows = [self._rows.order(one) for one in sorted(orders, key=lambda one: one.seq, reverse=True)]
        rows = [row for row in rows if since <= row["updateTime"] and row["createTime"] <= until]
        return success(page_of(in_states(rows, args), args))

    def by_id(self, account: str, identity: str) -> RestReply:
        """Return one order by the venue's id."""
        name = self._rows.ids.name(identity)
        return self._one(self._exchange.order(account, order_id=name) if name else None)

    def by_external(self, account: str, symbol: str, external: str) -> RestReply:
        """Return one order by the client's id."""
        order = self._exchange.order(account, client_id=external)
        return self._one(order if order is not None and order.symbol == symbol else None)

    def batch(self, account: str, args: Args) -> RestReply:
        """Return orders by the venue's ids; those that are not there are left out."""
        names = [self._rows.ids.name(each) for each in str(args.get("order_ids")).split(",")]
        found = [self._exchange.order(account, order_id=name) for name in names if name]
        return success([self._rows.order(one) for one in found if one is not None and is_order(one)])

    def deals(self, account: str, args: Args) -> RestReply:
        """Return executions of a contract, newest first."""
        contract = self._rows.contracts.need(args.get("symbol"))
        since, until = whole(args, "start_time", 0), whole(args, "end_time", 1 << 62)
        reports = reversed(self._exchange.fills(account, contract.symbol))
        rows = [self._rows.fill(one) for one in reports if since <= one.at_ns // MILLI <= until]
        return success(page_of(rows, args))

    def deals_of(self, account: str, identity: str) -> RestReply:
        """Return the executions of one order."""
        name = self._rows.ids.name(identity)
        return success([self._rows.fill(one) for one in self._exchange.fills(account) if one.order.order_id == name])

    # -- positions and money ---------------------------------------------------------------------------------------

    def positions(self, account: str, args: Args) -> RestReply:
        """Return what is held."""
        symbol = args.get("symbol")
        held = [one for one in self._exchange.positions(account) if one.qty and symbol in (None, "", one.symbol)]
        return success([self._rows.position(account, one) for one in held])

    def past_positions(self, account: str, args: Args) -> RestReply:
        """Return positions that have ended, newest first."""
        symbol, kind = args.get("symbol"), whole(args, "type", 0)
        if symbol:
            self._rows.contracts.need(symbol)
        exchange = self._exchange
        found = [
            term
            for instrument in exchange.instruments.values()
            if symbol in (None, "", instrument.symbol)
            for term in terms(
                instrument, exchange.fills(account, instrument.symbol), exchange.funding(account, instrument.symbol)
            )
            if term.finished and kind in (0, term_kind(term))
        ]
        found.reverse()  # of two that ended at once, the later one comes first
        found.sort(key=lambda one: one.updated_ns, reverse=True)
        return success(page_of([self._rows.past(account, one) for one in found], args))

    def assets(self, account: str, args: Args) -> RestReply:
        """Return the accounts of all currencies."""
        return success([self._rows.asset(account, one, whole=True) for one in self._exchange.accounts[account].balances])

    def asset(self, account: str, currency: str) -> RestReply:
        """Return the account of one currency."""
        if currency not in self._exchange.accounts[account].balances:
            raise Complaint(4001, "Unsupported currency")
        return success(self._rows.asset(account, currency, whole=True))

    def fees(self, account: str, args: Args) -> RestReply:
        """Return what a contract costs."""
        contract = self._rows.contracts.need(args.get("symbol"))
        rates = {"makerFee": number(contract.maker_fee), "takerFee": number(contract.taker_fee)}
        return success({"level": 0, "dealAmount": 0, "walletBalance": 0, **rates, "makerFeeDiscount": 1, "takerFeeDiscount": 1})

    def funding(self, account: str, args: Args) -> RestReply:
        """Return funding settlements, newest first."""
        charges = self._exchange.funding(account, args.get("symbol") or None)
        rows = [self._rows.funding(one) for one in reversed(charges)]
        return success(numbered(rows, args))

    def transfers(self, account: str, args: Args) -> RestReply:
        """Return movements between wallet and futures account, newest first."""
        rows = [
            {
                "id": move.seq,
                "txid": move.link.replace("-", ""),
                "currency": move.currency,
                "amount": number(abs(move.amount)),
                "type": "IN" if move.amount > 0 else "OUT",
                "state": "SUCCESS",
                "createTime": move.at_ns // MILLI,
                "updateTime": move.at_ns // MILLI,
            }
            for move in reversed(self._exchange.moves(account, args.get("currency") or None))
            if move.kind == "transfer"
        ]
        return success(numbered(rows, args))

    # -- settings --------------------------------------------------------------------------------------------------

    def mode(self, account: str, args: Args) -> RestReply:
        """Return the position mode of the account."""
        return success(1 if self._mode(account) is PositionMode.HEDGED else 2)

    def set_mode(self, account: str, args: Args) -> RestReply:
        """Switch the position mode of all contracts; nothing may be open anywhere."""
        code = whole(args, "positionMode")
        if code not in (1, 2):
            raise Complaint(600, "Parameter error: positionMode")
        exchange = self._exchange
        if exchange.open_orders(account) or any(one.qty for one in exchange.positions(account)):
            raise Complaint(2019, "There is an active open position")
        for symbol in exchange.instruments:
            exchange.set_position_mode(account, symbol, PositionMode.HEDGED if code == 1 else PositionMode.ONE_WAY)
        return success(bare=True)

    def leverage(self, account: str, args: Args) -> RestReply:
        """Return what backs each side of a contract."""
        contract = self._rows.contracts.need(args.get("symbol"))
        rows = []
        for kind in (1, 2):
            position = self._exchange.position(account, contract.symbol, self._leg(account, kind))
            backing = {"leverage": number(position.leverage), "openType": 1 if position.isolated else 2}
            rates = {"imr": number(divide(ONE, contract.max_leverage)), "mmr": number(_least_rate(contract))}
            rows.append({"level": 1, "maxVol": 463300, "positionType": kind, **rates, **backing, "limitBySys": False})
        return success(rows)

    def set_leverage(self, account: str, args: Args) -> RestReply:
        """Change the leverage of a position by its id, or of a side without one by itself."""
        leverage = amount(args, "leverage")
        if leverage is None or leverage <= 0:
            raise Complaint(2006, "Leverage ratio error")
        if args.get("positionId"):
            position = self._by_id(account, args)
            symbol, leg, isolated = position.symbol, position.position_side, position.isolated
        else:
            symbol = self._rows.contracts.need(args.get("symbol")).symbol
            kind, open_type = whole(args, "positionType"), whole(args, "openType")
            if kind not in (1, 2) or open_type not in (1, 2):
                raise Complaint(2022, "Wrong position type")
            leg, isolated = self._leg(account, kind), open_type == 1
            held = self._exchange.position(account, symbol, leg)
            if held.qty and held.isolated is not isolated:
                raise Complaint(2019, "There is an active open position")
        return self._answer(self._exchange.set_leverage(account, symbol, leg, leverage, isolated=isolated))

    def change_margin(self, account: str, args: Args) -> RestReply:
        """Add margin to an isolated position, or take some away."""
        position = self._by_id(account, args)
        by, way = amount(args, "amount"), args.get("type")
        if by is None or by <= 0 or way not in ("ADD", "SUB"):
            raise Complaint(1004, "Amount error")
        delta = by if way == "ADD" else -by
        return self._answer(self._exchange.assign_margin(account, position.symbol, position.position_side, delta))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _open(self, account: str, args: Args) -> list[SimOrder]:
        symbol = args.get("symbol")
        if symbol:
            self._rows.contracts.need(symbol)
        return self._exchange.open_orders(account, symbol or None)

    def _one(self, order: SimOrder | None) -> RestReply:
        if order is None or not _was_taken(order) or not is_order(order):
            raise Complaint(*GONE)
        return success(self._rows.order(order))

    def _mode(self, account: str) -> PositionMode:
        return next(iter(self._exchange.accounts[account].modes.values()), PositionMode.ONE_WAY)

    def _leg(self, account: str, kind: int) -> PositionSide:
        if self._mode(account) is PositionMode.ONE_WAY:
            return PositionSide.MERGED
        return PositionSide.LONG if kind == 1 else PositionSide.SHORT

    def _by_id(self, account: str, args: Args) -> SimPosition:
        wanted = whole(args, "positionId")
        for position in self._exchange.positions(account):
            kind = held_kind(position)
            if kind and self._rows.ids.of(f"position:{account}:{position.symbol}:{kind}") == wanted:
                return position
        raise Complaint(2009, "Positions do not exist or have been closed")

    def _answer(self, refusal: Refusal) -> RestReply:
        if refusal:
            raise Complaint(*REFUSALS.get(refusal, (600, f"Parameter error: {refusal}")))
        return success(bare=True)


def _least_rate(contract: Instrument) -> Decimal:
    """Return the maintenance rate of the smallest positions."""
    return min((tier.maintenance_rate for tier in contract.tiers), default=ZERO)


def _was_taken(order: SimOrder) -> bool:
    """Whether the venue ever took an order: what the answer to its create refused is no order."""
    return order.status is not SimStatus.REJECTED or order.refusal in (Refusal.WOULD_CROSS, Refusal.NO_LIQUIDITY)
