"""What every test shares: the same examples on each CI run, new ones on each run by hand, none shrunk for mutants; the canary."""

from __future__ import annotations

import os

from hypothesis import Phase, settings

from tests.canary.plugin import pytest_configure

__all__ = ["pytest_configure"]

settings.register_profile("unshrunk", phases=(Phase.explicit, Phase.reuse, Phase.generate))
settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
