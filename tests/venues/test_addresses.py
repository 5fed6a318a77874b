"""Where an environment of a venue is reached."""

from __future__ import annotations

import pytest

from tui_trader.core.error import ConfigError
from tui_trader.desk.account import Account
from tui_trader.desk.environment import Environment
from tui_trader.venues.mexc import MEXC
from tui_trader.venues.phemex import PHEMEX


def test_requests_go_to_either_host_of_mexc() -> None:
    usual, other = MEXC.addresses("live"), MEXC.addresses("live", "contract.mexc.com")
    assert (usual.rest, other.rest) == ("https://api.mexc.com", "https://contract.mexc.com")
    assert usual.ws == other.ws == "wss://contract.mexc.com/edge"
    assert Account(MEXC, Environment.LIVE, other, None).hosts == {"api.mexc.com", "contract.mexc.com"}


@pytest.mark.parametrize("host", ["api.mexc.com.evil.example", "mexc.com", "api.phemex.com"])
def test_and_nowhere_else(host: str) -> None:
    with pytest.raises(ConfigError, match="is not one of MEXC's hosts"):
        MEXC.addresses("live", host)


def test_there_is_no_testnet() -> None:
    with pytest.raises(ConfigError, match="MEXC has no testnet"):
        MEXC.addresses("testnet")
    assert PHEMEX.addresses("testnet").rest == "https://testnet-api.phemex.com"


def test_the_feed_of_mexc_is_had_from_either_host_too() -> None:
    assert MEXC.addresses("live", ws_host="api.mexc.com").ws == "wss://api.mexc.com/edge"
    both = MEXC.addresses("live", "contract.mexc.com", "contract.mexc.com")
    assert (both.rest, both.ws) == ("https://contract.mexc.com", "wss://contract.mexc.com/edge")
    with pytest.raises(ConfigError, match=r"\[venues.mexc\] ws_host: ws.mexc.com is not one of MEXC's hosts"):
        MEXC.addresses("live", ws_host="ws.mexc.com")
    with pytest.raises(ConfigError, match="is not one of Phemex's hosts"):
        PHEMEX.addresses("live", ws_host="ws.phemex.com")
