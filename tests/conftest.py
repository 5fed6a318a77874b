"""What every test shares: the same examples on each CI run, new ones on each run by hand, none shrunk for mutants; the canary;
a redactor that knows the secrets of this test alone."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

from tests.canary.plugin import pytest_configure
from tests.failures import none_unseen
from tui_trader.secrets.redactor import REDACTOR, Redactor

__all__ = ["pytest_configure"]

# The program is started hundreds of times: without compiled modules, as some shells have it, each start would compile all of it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def nothing_failed_unseen(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test in which a supervisor caught a failure; one that makes something fail on purpose is marked ``crashes``."""
    with none_unseen(wanted=request.node.get_closest_marker("crashes") is not None):
        yield


@pytest.fixture(autouse=True)
def nothing_learnt_outlives_its_test() -> Iterator[None]:
    """Take from the redactor what a test taught it: made-up secrets of one would be cut out of what another writes."""
    before = {name: getattr(REDACTOR, name) for name in Redactor.__slots__}
    known = dict(before["_known"])
    yield
    for name, value in {**before, "_known": known}.items():
        setattr(REDACTOR, name, value)


# No example has a deadline: how long it takes is the machine's.
settings.register_profile("by hand", deadline=None)
settings.register_profile("unshrunk", deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "by hand")
