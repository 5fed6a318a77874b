"""``python -m tests.venues.paradex.signing --orders 1000``: random orders, ours against every other implementation there is.

Of each order: our hash is ccxt's (and starknet-py's, with ``--starknet-py`` and ``pip install -e '.[stark]'``), StarkWare's C++
code accepts our signature, and signatures of ccxt and of the C++ code verify under the key that we derive.
"""

from __future__ import annotations

import argparse
import random
import time
from decimal import Decimal

from tests.venues.paradex import oracles
from tui_trader.venues.paradex import curve, stark
from tui_trader.venues.paradex.stark import MAINNET, TESTNET, SignedOrder

TYPES = (
    "LIMIT",
    "MARKET",
    "STOP_LIMIT",
    "STOP_MARKET",
    "TAKE_PROFIT_LIMIT",
    "TAKE_PROFIT_MARKET",
    "STOP_LOSS_LIMIT",
    "STOP_LOSS_MARKET",
)
MARKETS = ("BTC-USD-PERP", "ETH-USD-PERP", "kBONK-USD-PERP", "SOL-USD-PERP")


def compare(seed: int, *, starknet_py: bool = False) -> list[str]:
    """Return what differs about one random order, change or request; empty when all agree."""
    rng = random.Random(seed)
    private = rng.randrange(1, curve.N)
    account = hex(rng.randrange(1, curve.P))
    chain_id = rng.choice((MAINNET, TESTNET))
    order = SignedOrder(
        rng.randrange(1_600_000_000_000, 2_000_000_000_000),
        rng.choice(MARKETS),
        rng.choice((1, 2)),
        rng.choice(TYPES),
        Decimal(rng.randrange(1, 10 ** rng.randrange(1, 15))).scaleb(-8),
        Decimal(rng.randrange(0, 10 ** rng.randrange(1, 17))).scaleb(-8),
    )
    message: dict[str, object] = {
        "timestamp": str(order.timestamp_ms),
        "market": order.market,
        "side": str(order.side),
        "orderType": order.type,
        "size": str(int(order.size * 10**8)),
        "price": str(int(order.price * 10**8)),
    }
    if rng.random() < 0.1:
        kind, names = "Request", oracles.REQUEST_TYPES
        now = order.timestamp_ms // 1000
        message = {"method": "POST", "path": "/v1/auth", "body": "", "timestamp": now, "expiration": now + 180}
        ours = stark.request_hash(chain_id, int(account, 16), now, now + 180)
    elif rng.random() < 0.3:
        kind, names = "ModifyOrder", oracles.MODIFY_TYPES
        number = rng.randrange(10**27, 10**28)
        message["id"] = str(number)
        ours = stark.modify_hash(chain_id, int(account, 16), order, number)
    else:
        kind, names = "Order", oracles.ORDER_TYPES
        ours = stark.order_hash(chain_id, int(account, 16), order)
    wrong = []
    if ours != oracles.ccxt_hash(chain_id, account, kind, names, message):
        wrong.append(f"seed {seed}: ccxt has another hash of {kind} {message}")
    if starknet_py and ours != oracles.starknet_hash(chain_id, account, kind, names, message):
        wrong.append(f"seed {seed}: starknet-py has another hash of {kind} {message}")
    public = curve.public_key(private)
    if public != oracles.cpp_public_key(private):
        wrong.append(f"seed {seed}: another public key")
    for whose, signature in (
        ("our", curve.sign(ours, private)),
        ("ccxt's", oracles.ccxt_signature(ours, private)),
        ("the C++ library's", oracles.cpp_signature(ours, private)),
    ):
        if not oracles.verifies(ours, signature, public):
            wrong.append(f"seed {seed}: {whose} signature does not verify")
        if oracles.verifies(ours ^ 1, signature, public):
            wrong.append(f"seed {seed}: {whose} signature verifies for another message")
    return wrong


def main() -> int:
    """Compare as many orders as asked for; 1 when anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.venues.paradex.signing", description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000, metavar="N", help="how many")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first")
    parser.add_argument("--starknet-py", action="store_true", help="compare with starknet-py too (the extra named stark)")
    args = parser.parse_args()
    wrong = [text for seed in range(args.first, args.first + args.orders) for text in compare(seed, starknet_py=args.starknet_py)]
    print("\n".join(wrong) or f"{args.orders} messages: all agree")
    print(f"{_milliseconds():.2f} ms to hash and sign an order here")
    return 1 if wrong else 0


def _milliseconds(count: int = 200) -> float:
    began = time.process_time()
    for i in range(count):
        order = SignedOrder(1_700_000_000_000 + i, "BTC-USD-PERP", 1, "LIMIT", Decimal("0.031"), Decimal(60_000 + i))
        curve.sign(stark.order_hash(MAINNET, 0x1234567890ABCDEF << 180, order), 0x5DEADBEEF << 200)
    return (time.process_time() - began) / count * 1000


if __name__ == "__main__":
    raise SystemExit(main())
