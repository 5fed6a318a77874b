"""Money is moved once, after it was written down; what became of a lost answer is told by the venue's own list."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest

from tests.desk.conftest import BTC, ETH, Bench, linear
from tui_trader.core.account import Balance
from tui_trader.core.clock import NS
from tui_trader.core.error import CommandError, LinkError, OutcomeUnknown, RefusedError, TraderError, VenueError
from tui_trader.core.event import BalanceChanged, FeeRatesTold, FundsTransferred, InstrumentsListed
from tui_trader.core.funds import FeeRate, Transfer, TransferState
from tui_trader.core.ids import IdFactory
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, InstrumentId
from tui_trader.desk.account import Account
from tui_trader.desk.environment import Environment
from tui_trader.desk.funds import Funds
from tui_trader.desk.records import OpenIntents
from tui_trader.venues.base import Endpoints, Outcome, Request, Verdict
from tui_trader.venues.phemex import PHEMEX

INVERSE = Instrument(InstrumentId("phemex", "BTCUSD"), ContractKind.INVERSE, "BTC", "USD", "BTC", D("0.5"), D(1), price_scale=4)
NOTHING = Verdict(Outcome.ACK)
LOST = Verdict(Outcome.UNKNOWN, "timeout", "no answer in time")


def listed(*transfers: Transfer) -> Verdict:
    return Verdict(Outcome.ACK, events=tuple(FundsTransferred("phemex", each) for each in transfers))


class Treasury:
    """Funds of an account whose venue is in the test's hand."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.read_only = False
        bench.absorb([InstrumentsListed("phemex", [linear(BTC), linear(ETH), INVERSE])])
        account = Account(PHEMEX, Environment.SIM, Endpoints("http://localhost", "ws://localhost"), None)
        dialect = PHEMEX.orders()
        dialect.list_instruments(list(bench.store.instruments.values()))
        self.funds = Funds(
            account=account,
            store=bench.store,
            dialect=dialect,
            ids=IdFactory(lambda size: "ab" * size),
            send=bench.wire,
            absorb=bench.absorb,
            spawn=bench.spawn,
            record=bench.journal.append,
            server_ns=bench.clock.wall_ns,
            read_only=lambda: self.read_only,
            sleep=bench.sleep,
        )
        bench.wire.on("transfers", NOTHING)

    @property
    def key(self) -> str:
        return "tt-" + "ab" * 14

    def row(self, state: TransferState = TransferState.DONE, key: str = "v-1", after_s: float = 1) -> Transfer:
        return Transfer(key, "USDT", D(50), True, state, self.bench.clock.wall_ns() + round(after_s * NS))

    def states(self) -> dict[str, str]:
        return {key: transfer.state.value for key, transfer in self.bench.store.transfers.items()}


@pytest.fixture
def treasury(bench: Bench) -> Treasury:
    return Treasury(bench)


async def test_it_is_written_down_sent_once_and_done(bench: Bench, treasury: Treasury) -> None:
    bench.wire.on("transfer", lambda request: listed(treasury.row()))
    told = await treasury.funds.transfer("usdt", D("50.00"), to_trading=True)
    assert (told.state, treasury.states()) == (TransferState.DONE, {"v-1": "done"})
    [request] = [request for request in bench.wire.sent if request.what == "transfer"]
    assert (request.path, request.body) == ("/assets/transfer", b'{"currency":"USDT","moveOp":2,"amountEv":5000000000}')
    assert [(r.kind, r.body.get("key")) for r in bench.records()] == [("transfer", treasury.key), ("transfer_end", treasury.key)]


async def test_bitcoin_takes_our_key_with_it(bench: Bench, treasury: Treasury) -> None:
    bench.wire.on("transfer", lambda request: listed(Transfer(treasury.key, "BTC", D("0.1"), False, TransferState.DONE, 5)))
    await treasury.funds.transfer("BTC", D("0.1"), to_trading=False)
    request = bench.wire.sent[-1]
    body = f'{{"linkKey":"{treasury.key}","moveOp":1,"btcAmountEv":10000000}}'.encode()
    assert (request.path, request.body) == ("/exchange/margins", body)
    assert [r.path for r in bench.wire.sent if r.what == "transfers"] == ["/exchange/margins/transfer"]


@pytest.mark.parametrize(
    ("currency", "amount", "words"),
    [
        ("USDT", D(0), "above zero"),
        ("USDT", D(-5), "above zero"),
        ("USDT", D("0.000000001"), "kept to 8 decimals"),
        ("DOGE", D(5), "no contract settles in DOGE"),
        ("USDT", D(101), "90 USDT of the trading account are free"),
    ],
)
async def test_what_is_typed_wrong_is_not_sent(bench: Bench, treasury: Treasury, currency: str, amount: D, words: str) -> None:
    bench.absorb([BalanceChanged(Balance("phemex", "USDT", D(100), D(10)))])
    with pytest.raises(CommandError, match=words):
        await treasury.funds.transfer(currency, amount, to_trading=False)
    assert (bench.wire.sent, bench.records()) == ([], [])


async def test_a_terminal_that_only_looks_moves_nothing(bench: Bench, treasury: Treasury) -> None:
    treasury.read_only = True
    with pytest.raises(RefusedError, match="read-only"):
        await treasury.funds.transfer("USDT", D(50), to_trading=True)
    assert bench.wire.sent == []


async def test_a_history_that_is_not_told_stops_it_before(bench: Bench, treasury: Treasury) -> None:
    bench.wire.on("transfers", LOST)
    with pytest.raises(LinkError, match="it was not sent"):
        await treasury.funds.transfer("USDT", D(50), to_trading=True)
    assert bench.wire.whats() == ["transfers"]


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (Verdict(Outcome.REJECTED, "11001", "not enough"), VenueError),
        (Verdict(Outcome.NOT_SENT, "budget", "later"), LinkError),
        (Verdict(Outcome.LIMITED, "429", "too many"), LinkError),
    ],
)
async def test_a_refusal_moved_nothing(bench: Bench, treasury: Treasury, verdict: Verdict, error: type[TraderError]) -> None:
    bench.wire.on("transfer", verdict)
    with pytest.raises(error, match="nothing was moved"):
        await treasury.funds.transfer("USDT", D(50), to_trading=True)
    assert treasury.states() == {treasury.key: "failed"}
    assert bench.records()[-1].body["state"] == "failed"


async def test_a_lost_answer_is_looked_up_and_never_sent_again(bench: Bench, treasury: Treasury) -> None:
    old = replace(treasury.row(key="old"), at_ns=bench.clock.wall_ns())
    bench.wire.on("transfers", listed(old), LOST, listed(old), lambda request: listed(treasury.row(), old))
    bench.wire.on("transfer", LOST)
    with pytest.raises(OutcomeUnknown, match="nothing is sent again"):
        await treasury.funds.transfer("USDT", D(50), to_trading=True)
    assert treasury.states() == {treasury.key: "unknown"}
    with pytest.raises(RefusedError, match="not known to be done yet"):
        await treasury.funds.transfer("USDT", D(50), to_trading=True)
    await bench.settle()
    assert treasury.states() == {"v-1": "done"}, "one that was there before is not it"
    assert bench.wire.whats().count("transfer") == 1
    assert "50 USDT from wallet to trading account: done" in bench.notices()


async def test_absence_is_believed_when_it_could_no_longer_arrive(bench: Bench, treasury: Treasury) -> None:
    bench.wire.on("transfer", LOST)
    started = bench.clock.wall_ns()
    with pytest.raises(OutcomeUnknown):
        await treasury.funds.transfer("USDT", D(50), to_trading=True)
    await bench.settle()
    assert treasury.states() == {treasury.key: "absent"}
    assert bench.clock.wall_ns() - started > 72 * NS
    assert "never arrived: nothing moved" in bench.notices()


async def test_what_is_under_way_is_followed(bench: Bench, treasury: Treasury) -> None:
    bench.wire.on("transfer", lambda request: listed(treasury.row(TransferState.UNDER_WAY)))
    bench.wire.on("transfers", NOTHING, NOTHING, lambda request: listed(treasury.row(TransferState.FAILED)))
    told = await treasury.funds.transfer("USDT", D(50), to_trading=True)
    assert told.state is TransferState.UNDER_WAY
    await bench.settle()
    assert treasury.states() == {"v-1": "failed"}


async def test_a_restart_asks_after_what_the_last_run_left_open(bench: Bench, treasury: Treasury) -> None:
    bench.wire.on("transfer", LOST)
    with pytest.raises(OutcomeUnknown):
        await treasury.funds.transfer("USDT", D(50), to_trading=True)
    recall = OpenIntents()
    for record in bench.records():
        recall.take(record)
    carried = recall.carried()
    assert [body["key"] for body in carried["transfers"]] == [treasury.key]
    again = Treasury(bench)
    bench.store.transfers.clear()
    bench.wire.on("transfers", lambda request: listed(again.row()))
    again.funds.recover(recall.open_transfers())
    await bench.settle()
    assert again.states() == {"v-1": "done"}
    for record in bench.records():
        recall.take(record)
    assert "transfers" not in recall.carried()


async def test_fees_are_asked_by_currency_and_applied(bench: Bench, treasury: Treasury) -> None:
    def told(request: Request) -> Verdict:
        if request.ref == "BTC":
            return Verdict(Outcome.REJECTED, "30000", "no")
        return Verdict(Outcome.ACK, events=(FeeRatesTold("phemex", [FeeRate(BTC, D(0), D("0.0003"))]),))

    bench.wire.on("fee_rates", told)
    assert await treasury.funds.learn_fees()
    assert [request.query for request in bench.wire.sent] == ["settleCurrency=USDT", "settleCurrency=BTC"]
    assert bench.store.instruments[BTC].taker_fee == D("0.0003")
    bench.wire.on("fee_rates", LOST)
    assert not await treasury.funds.learn_fees()
