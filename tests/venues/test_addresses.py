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
