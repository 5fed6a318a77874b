"""A frame of the private stream that arrives and cannot be read: what it said is lost, and that must not stay unnoticed."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from tests.dst import weather
from tests.dst.history import fast_folder, run
from tests.dst.shrink import tell
from tests.dst.weather import Way


@pytest.mark.parametrize("seed", [18, 35, 64, 116])
def test_a_private_frame_cut_short_is_made_good(seed: int) -> None:
    with fast_folder() as folder, patch.object(weather, "_PRIVATE", (Way.TRUNCATED,)):
        result = run(seed, folder)
    assert not result.violations, tell(result)
