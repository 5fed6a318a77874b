"""MEXC's public answers: contracts, books, prints, tickers, bars, funding."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import ZERO, divide, places
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, Side
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.mexc_books import Books
from tui_trader.sim.masks.mexc_pages import numbered
from tui_trader.sim.masks.mexc_rates import PastRates
from tui_trader.sim.masks.mexc_terms import MILLI, Args, Complaint, Contracts, Row, number, success, whole
from tui_trader.sim.masks.price_bars import PriceBars
from tui_trader.sim.types import PublicTrade

INTERVALS = {
    "Min1": 60,
    "Min5": 300,
    "Min15": 900,
    "Min30": 1_800,
    "Min60": 3_600,
    "Hour4": 14_400,
    "Hour8": 28_800,
    "Day1": 86_400,
    "Week1": 604_800,
}
MOST_BARS = 2_000


class PublicReads:
    """Answers that anybody may have."""

    def __init__(
        self, exchange: Exchange, clock: Clock, contracts: Contracts, books: Books, rates: PastRates, prices: PriceBars
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._contracts = contracts
        self._books = books
        self._rates = rates
        self._prices = prices

    def ping(self, args: Args) -> RestReply:
        """Return what time it is."""
        return success(self._clock.wall_ns() // MILLI)

    def detail(self, args: Args) -> RestReply:
        """Return all contracts, or one without the list."""
        if args.get("symbol"):
            return success(contract_row(self._contracts.need(args["symbol"])))
        return success([contract_row(one) for one in self._exchange.instruments.values()])

    def depth(self, symbol: str, args: Args) -> RestReply:
        """Return the book as the increments have told it, with its version."""
        contract = self._contracts.need(symbol)
        return success(self._books.of(contract.symbol).whole(whole(args, "limit", 1_000)))

    def commits(self, symbol: str, count: str) -> RestReply:
        """Return the last increments, newest first."""
        contract = self._contracts.need(symbol)
        most = int(count) if count.isascii() and count.isdigit() and len(count) < 5 else 0
        return success(self._books.of(contract.symbol).commits(most))

    def deals(self, symbol: str, args: Args) -> RestReply:
        """Return prints, newest first."""
        contract = self._contracts.need(symbol)
        trades = self._exchange.trades(contract.symbol, min(whole(args, "limit", 100), 100))
        return success([deal_row(self._contracts, one) for one in trades])

    def tickers(self, args: Args) -> RestReply:
        """Return the tickers of all contracts, or one without the list."""
        if args.get("symbol"):
            return success(ticker_row(self._exchange, self._contracts, self._contracts.need(args["symbol"]).symbol))
        return success([ticker_row(self._exchange, self._contracts, symbol) for symbol in self._exchange.instruments])

    def bars(self, symbol: str, args: Args) -> RestReply:
        """Return bars, column by column."""
        self._contracts.need(symbol)
        seconds = INTERVALS.get(str(args.get("interval") or "Min1"))
        if seconds is None:
            raise Complaint(600, "Parameter error: interval")
        return success(_columns(self._bars(symbol, seconds, args), self._contracts, symbol))

    def price_bars(self, symbol: str, args: Args, *, index: bool) -> RestReply:
        """Return bars of the index, or of the fair price, column by column; nothing is traded in them."""
        self._contracts.need(symbol)
        seconds = INTERVALS.get(str(args.get("interval") or "Min1"))
        if seconds is None:
            raise Complaint(600, "Parameter error: interval")
        bars = self._prices.over(symbol, self._bars(symbol, seconds, args), index=index)
        return success(_columns(bars, self._contracts, symbol))

    def _bars(self, symbol: str, seconds: int, args: Args) -> list[Candle]:
        now = self._exchange.now_ns // NS
        end = min(whole(args, "end", now), now)
        start = whole(args, "start", end - MOST_BARS * seconds)
        count = min((now - start) // seconds + 1, MOST_BARS * 2)
        found = self._exchange.candles(symbol, seconds, count)
        return [bar for bar in found if start <= bar.start_s <= end][-MOST_BARS:]

    def funding_history(self, args: Args) -> RestReply:
        """Return the rates that a contract has settled at, newest first."""
        contract = self._contracts.need(args.get("symbol"))
        return success(numbered(self._rates.newest_first(contract.symbol), args))

    def index_price(self, symbol: str) -> RestReply:
        """Return the index."""
        state = self._exchange.market(self._contracts.need(symbol).symbol)
        stamp = self._exchange.now_ns // MILLI
        return success({"symbol": symbol, "indexPrice": number(state.index), "timestamp": stamp})

    def fair_price(self, symbol: str) -> RestReply:
        """Return the mark."""
        state = self._exchange.market(self._contracts.need(symbol).symbol)
        return success({"symbol": symbol, "fairPrice": number(state.mark), "timestamp": self._exchange.now_ns // MILLI})

    def funding_rate(self, symbol: str) -> RestReply:
        """Return the present funding rate."""
        contract = self._contracts.need(symbol)
        state = self._exchange.market(symbol)
        return success(
            {
                "symbol": symbol,
                "fundingRate": number(state.funding_rate),
                "maxFundingRate": number(Decimal("0.003")),
                "minFundingRate": number(Decimal("-0.003")),
                "collectCycle": contract.funding_interval_s // 3_600,
                "nextSettleTime": state.next_funding_ns // MILLI,
                "timestamp": self._exchange.now_ns // MILLI,
                "fairPrice": number(state.mark),
                "idxPrice": number(state.index),
            }
        )

    def currencies(self, args: Args) -> RestReply:
        """Return what can be moved to futures accounts and back."""
        return success(list(dict.fromkeys(one.settle for one in self._exchange.instruments.values())))


def contract_row(contract: Instrument) -> Row:
    """Return a contract."""
    linear = contract.kind is ContractKind.LINEAR
    unit = contract.wire_lot if linear else Decimal(1)
    most = max(contract.tiers, key=lambda tier: tier.notional) if contract.tiers else None
    rate = most.maintenance_rate if most else Decimal("0.004")
    return {
        "symbol": contract.symbol,
        "displayName": f"{contract.symbol}永续",
        "displayNameEn": f"{contract.symbol} SWAP",
        "positionOpenType": 3,
        "baseCoin": contract.base,
        "quoteCoin": contract.quote,
        "settleCoin": contract.settle,
        "contractSize": number(unit if linear else contract.contract_size),
        "minLeverage": 1,
        "maxLeverage": number(contract.max_leverage),
        "priceScale": places(contract.tick),
        "volScale": 0,
        "amountScale": 4,
        "priceUnit": number(contract.tick),
        "volUnit": number(contract.lot / unit),
        "minVol": number(contract.min_qty / unit),
        "maxVol": number(contract.max_qty / unit),
        "bidLimitPriceRate": number(Decimal("0.1")),
        "askLimitPriceRate": number(Decimal("0.1")),
        "takerFeeRate": number(contract.taker_fee),
        "makerFeeRate": number(contract.maker_fee),
        "maintenanceMarginRate": number(rate),
        "initialMarginRate": number(divide(Decimal(1), contract.max_leverage)),
        "riskBaseVol": 10000,
        "riskIncrVol": 200000,
        "riskIncrMmr": number(Decimal("0.004")),
        "riskIncrImr": number(Decimal("0.004")),
        "riskLevelLimit": 5,
        "priceCoefficientVariation": number(Decimal("0.1")),
        "indexOrigin": ["MXC"],
        "state": 0 if contract.tradable else 4,
        "isNew": False,
        "isHot": True,
        "isHidden": False,
        "apiAllowed": True,
        "maxNumOrders": [200, 50],
    }


def _columns(bars: Sequence[Candle], contracts: Contracts, symbol: str) -> Row:
    """Return bars as the venue lists them, column by column; there is no gap between bars here that the second prices would leave
    out."""
    prices = {
        "open": [number(bar.open) for bar in bars],
        "close": [number(bar.close) for bar in bars],
        "high": [number(bar.high) for bar in bars],
        "low": [number(bar.low) for bar in bars],
    }
    return {
        "time": [bar.start_s for bar in bars],
        **prices,
        **{f"real{name.title()}": column for name, column in prices.items()},
        "vol": [contracts.vol(symbol, bar.volume) for bar in bars],
        "amount": [number(bar.turnover) for bar in bars],
    }


def deal_row(contracts: Contracts, trade: PublicTrade) -> Row:
    """Return a print."""
    return {
        "p": number(trade.price),
        "v": contracts.vol(trade.symbol, trade.qty),
        "T": 1 if trade.side is Side.BUY else 2,
        "O": 3,
        "M": 2,
        "t": trade.at_ns // MILLI,
        "i": str(trade.seq),
    }


def ticker_row(exchange: Exchange, contracts: Contracts, symbol: str) -> Row:
    """Return the ticker of a contract."""
    state = exchange.market(symbol)
    listing = exchange.listings[symbol]
    bid, ask = (listing.book.best(side) for side in (Side.BUY, Side.SELL))
    change = state.last - state.open_24h if state.open_24h else ZERO
    return {
        "symbol": symbol,
        "lastPrice": number(state.last),
        "bid1": number(listing.price(bid or 0)),
        "ask1": number(listing.price(ask or 0)),
        "volume24": contracts.vol(symbol, state.volume_24h),
        "amount24": number(state.turnover_24h),
        "holdVol": contracts.vol(symbol, state.open_interest),
        "lower24Price": number(state.low_24h),
        "high24Price": number(state.high_24h),
        "riseFallRate": number(_ratio(change, state.open_24h)),
        "riseFallValue": number(change),
        "indexPrice": number(state.index),
        "fairPrice": number(state.mark),
        "fundingRate": number(state.funding_rate),
        "maxBidPrice": number(state.mark * Decimal("1.1")),
        "minAskPrice": number(state.mark * Decimal("0.9")),
        "timestamp": exchange.now_ns // MILLI,
    }


def _ratio(part: Decimal, whole_value: Decimal) -> Decimal:
    return divide(part, whole_value).quantize(Decimal("0.0001")) if whole_value else ZERO


def rows_of(trades: Sequence[PublicTrade], contracts: Contracts) -> list[Row]:
    """Return prints, newest first, as one push carries them."""
    return [deal_row(contracts, one) for one in reversed(trades)]
