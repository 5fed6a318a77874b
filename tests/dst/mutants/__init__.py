"""Planted bugs, by name."""

from tests.dst.mutants import asking, covering, market, merging, returning, sending
from tests.dst.mutants.plot import MUTANTS, planted

__all__ = ["MUTANTS", "asking", "covering", "market", "merging", "planted", "returning", "sending"]
