"""Planted bugs, by name."""

from tests.dst.mutants import asking, covering, gathering, market, merging, returning, sending
from tests.dst.mutants.plot import MUTANTS, planted

__all__ = ["MUTANTS", "asking", "covering", "gathering", "market", "merging", "planted", "returning", "sending"]
