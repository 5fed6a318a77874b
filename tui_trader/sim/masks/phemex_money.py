"""Money of an account as both families share it: fees, the journal of funds, the wallet and transfers from and to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tui_trader.core.clock import DAY_NS
from tui_trader.core.decimals import ZERO
from tui_trader.core.types import Liquidity
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.margin import trade_value
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.phemex_args import Args, Complaint, flag, need, number, optional, whole
from tui_trader.sim.masks.phemex_coin_rows import scaled
from tui_trader.sim.masks.phemex_family import is_coin
from tui_trader.sim.masks.phemex_gate import refusal
from tui_trader.sim.masks.phemex_orders import answer
from tui_trader.sim.masks.phemex_pages import page, within
from tui_trader.sim.masks.phemex_rows import Row, numeric_account, ratio, text
from tui_trader.sim.types import Move, Refusal

DONE = 10
"""``status`` of a transfer that was executed."""

_TO_WALLET, _FROM_WALLET = 1, 2
_BTC_OUT, _BTC_IN, _USD_IN, _USD_OUT = 1, 2, 3, 4
"""``moveOp`` of the older transfer call: from and to the BTC account, to and from the USD account."""

_LEAST = {_BTC_OUT: Decimal("1e-8"), _BTC_IN: Decimal("1e-8"), _USD_IN: Decimal("0.002"), _USD_OUT: Decimal(1)}


class Money:
    """The endpoints about fees, funds, wallets and transfers."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._scales = {one.settle: one.value_scale for one in exchange.instruments.values()}

    def fee_rate(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/futures/fee-rate``: integers scaled by 10**8, of either family."""
        currency = need(args, "settleCurrency")
        return answer(
            {
                "symbolFeeRates": [
                    {
                        "symbol": instrument.symbol,
                        "takerFeeRateEr": int(instrument.taker_fee.scaleb(8)),
                        "makerFeeRateEr": int(instrument.maker_fee.scaleb(8)),
                    }
                    for instrument in self._exchange.instruments.values()
                    if instrument.settle == currency
                ]
            },
            "OK",
        )

    def account_detail(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/futures/v2/tradeAccountDetail``: what changed a balance, newest first, and the balance after it."""
        currency = need(args, "currency")
        if currency not in self._exchange.accounts[account].balances:
            raise Complaint(*words.REFUSAL[Refusal.WALLET_UNKNOWN])
        balance = self._exchange.wallet(account, currency)[0]
        wanted = optional(args, "type")
        rows: list[Row] = []
        for _, at_ns, number_, name, amount in reversed(self._changes(account, currency)):
            if wanted in ("", str(number_), name) and within(args, at_ns // 1_000_000):
                rows.append(
                    {
                        "typeDesc": name,
                        "amountRv": text(amount),
                        "balanceRv": text(balance),
                        "createTime": at_ns // 1_000_000,
                        "currency": currency,
                    }
                )
            balance -= amount
        return answer(page(rows, args), "OK")

    def trading_fees(self, account: str, args: Args) -> RestReply:
        """``GET /api-data/g-futures/trading-fees``: fees by day and contract of USDⓈ-M, newest first (documented sample)."""
        wanted = optional(args, "symbol")
        days: dict[tuple[int, str], dict[Liquidity, tuple[Decimal, Decimal]]] = {}
        for report in self._exchange.fills(account, wanted or None):
            if is_coin(self._exchange.instruments[report.order.symbol]) or not within(args, report.at_ns // 1_000_000):
                continue
            key = (report.at_ns - report.at_ns % DAY_NS, report.order.symbol)
            value, fee = days.setdefault(key, {}).get(report.liquidity, (ZERO, ZERO))
            traded = trade_value(self._exchange.instruments[report.order.symbol], report.exec_qty, report.exec_price)
            days[key][report.liquidity] = (value + traded, fee + report.exec_fee)
        user = numeric_account(account, "")[0]
        rows = []
        for number_, ((day_ns, symbol), sums) in enumerate(sorted(days.items()), start=1):
            instrument = self._exchange.instruments[symbol]
            rows.append(
                {
                    "id": number_,
                    "userId": user,
                    "symbol": symbol,
                    "currency": instrument.settle,
                    "takerValueRv": text(sums.get(Liquidity.TAKER, (ZERO, ZERO))[0]),
                    "takerFeeRateRr": ratio(instrument.taker_fee),
                    "makerValueRv": text(sums.get(Liquidity.MAKER, (ZERO, ZERO))[0]),
                    "makerFeeRateRr": ratio(instrument.maker_fee),
                    "exchangeFeeRv": text(sum((fee for _, fee in sums.values()), ZERO)),
                    "createTime": day_ns // 1_000_000,
                }
            )
        return answer(page(rows[::-1], args), "OK")

    # -- the wallet ------------------------------------------------------------------------------------------------

    def wallets(self, account: str, args: Args) -> RestReply:
        """``GET /spot/wallets``: what no order reaches."""
        wallet = self._exchange.accounts[account].wallet
        wanted = optional(args, "currency")
        user = numeric_account(account, "")[0]
        rows = [
            {
                "currency": currency,
                "balanceEv": scaled(amount, self._scale(currency)),
                "lockedTradingBalanceEv": 0,
                "lockedWithdrawEv": 0,
                "lastUpdateTimeNs": self._exchange.now_ns,
                "walletVid": 0,
                "userID": user,
            }
            for currency, amount in wallet.items()
            if wanted in ("", currency)
        ]
        return answer(rows)

    def transfer(self, account: str, args: Args) -> RestReply:
        """``POST /assets/transfer``: ``moveOp`` 1 takes money back to the wallet, 2 brings it to the trading account."""
        currency = need(args, "currency")
        amount, direction = number(args, "amountEv"), whole(args, "moveOp", 0)
        if amount is None or amount <= ZERO or direction not in (_TO_WALLET, _FROM_WALLET):
            raise Complaint(*words.BAD_ARGUMENT)
        signed = amount if direction == _FROM_WALLET else -amount
        link = optional(args, "linkKey")
        result = self._exchange.transfer(account, currency, signed.scaleb(-self._scale(currency)), link)
        return refusal(*words.REFUSAL[result]) if isinstance(result, Refusal) else answer(self._moved(result), "OK")

    def transfers(self, account: str, args: Args) -> RestReply:
        """``GET /assets/transfer``: transfers of one currency, newest first."""
        currency = need(args, "currency")
        rows = [
            {**self._moved(move), "createTime": move.at_ns // 1_000_000, "bizType": 10}
            for move in self._transferred(account, args)
            if move.currency == currency
        ]
        return answer({"rows": page(rows, args)}, "OK")

    def chain_moves(self, account: str, args: Args) -> RestReply:
        """``GET /exchange/wallets/depositList`` and ``withdrawList``: nothing comes over a chain here, or leaves by one."""
        return answer([], "OK")

    def move_margin(self, account: str, args: Args) -> RestReply:
        """``POST /exchange/margins``, the older call: four kinds of ``moveOp``, amounts plain or scaled."""
        operation = whole(args, "moveOp", 0)
        if operation not in _LEAST:
            raise Complaint(*words.BAD_ARGUMENT)
        amount = _either(args, "usdAmount", 4) if operation == _USD_OUT else _either(args, "btcAmount", 8)
        if amount is None or amount < _LEAST[operation]:
            raise Complaint(*words.BAD_ARGUMENT)
        link = optional(args, "linkKey")
        if operation in (_USD_IN, _USD_OUT):
            result = self._exchange.exchange_usd(account, amount if operation == _USD_IN else -amount, link)
        else:
            result = self._exchange.transfer(account, "BTC", amount if operation == _BTC_IN else -amount, link)
        return refusal(*words.REFUSAL[result]) if isinstance(result, Refusal) else answer(_margin_move(result), "OK")

    def margin_moves(self, account: str, args: Args) -> RestReply:
        """``GET /exchange/margins/transfer``: transfers of the BTC and USD accounts, newest first."""
        rows = [
            {**_margin_move(move), "createTime": move.at_ns // 1_000_000}
            for move in self._transferred(account, args)
            if move.currency in ("BTC", "USD")
        ]
        total = {"total": len(rows) if flag(args, "withCount") else -1}
        return answer({**total, "rows": page(rows, args)}, "OK")

    # -- inside ----------------------------------------------------------------------------------------------------

    def _scale(self, currency: str) -> int:
        return self._scales.get(currency, 8)

    def _transferred(self, account: str, args: Args) -> list[Move]:
        moves = [move for move in self._exchange.moves(account) if move.kind == "transfer"]
        return [move for move in reversed(moves) if within(args, move.at_ns // 1_000_000)]

    def _moved(self, move: Move) -> Row:
        return {
            "linkKey": move.link,
            "userId": numeric_account(move.account, "")[0],
            "currency": move.currency,
            "amountEv": scaled(abs(move.amount), self._scale(move.currency)),
            "side": _FROM_WALLET if move.amount > 0 else _TO_WALLET,
            "status": DONE,
        }

    def _changes(self, account: str, currency: str) -> list[tuple[int, int, int, str, Decimal]]:
        """Return (sequence, time, type, its name, amount) of everything that changed a balance, oldest first."""
        exchange = self._exchange
        settled = {symbol for symbol, one in exchange.instruments.items() if one.settle == currency}
        changes = [(move.seq, move.at_ns, *_MOVES[move.kind], move.amount) for move in exchange.moves(account, currency)]
        for charge in exchange.funding(account):
            if charge.symbol in settled:
                changes.append((charge.seq, charge.at_ns, 3, "FUNDING_FEE", -charge.amount))
        for report in exchange.fills(account):
            if report.order.symbol in settled:
                changes.append((report.seq, report.at_ns, 1, "REALIZED_PNL", report.exec_realised))
                changes.append((report.seq, report.at_ns, 2, "EXCHANGE_FEE", -report.exec_fee))
        return sorted((change for change in changes if change[-1]), key=lambda change: change[0])


_MOVES = {"transfer": (4, "TRANSFER"), "insurance": (5, "INSURANCE")}


def _either(args: Args, name: str, places: int) -> Decimal | None:
    units = number(args, f"{name}Ev")
    return number(args, name) if units is None else units.scaleb(-places)


def _margin_move(move: Move) -> dict[str, Any]:
    inward = move.amount > 0
    there, here = (move.wallet_currency, abs(move.wallet_amount)), (move.currency, abs(move.amount))
    source, target = (there, here) if inward else (here, there)
    usd = move.currency == "USD"
    return {
        "moveOp": (_USD_IN if inward else _USD_OUT) if usd else (_BTC_IN if inward else _BTC_OUT),
        "fromCurrencyName": source[0],
        "toCurrencyName": target[0],
        "fromAmount": f"{source[1]:.8f}",
        "toAmount": f"{target[1]:.8f}",
        "linkKey": move.link,
        "status": DONE,
    }
