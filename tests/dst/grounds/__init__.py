"""The venues that histories are played at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.dst.grounds.base import ACCOUNT, Create, Ground, Kind, Told
from tests.dst.grounds.mexc import MexcGround
from tests.dst.grounds.paradex import ParadexGround
from tests.dst.grounds.phemex import PhemexGround

if TYPE_CHECKING:
    from tests.dst.plan import Plan

__all__ = ["ACCOUNT", "GROUNDS", "Create", "Ground", "Kind", "Told", "ground_of"]

GROUNDS: dict[str, type[Ground]] = {kind.name: kind for kind in (PhemexGround, MexcGround, ParadexGround)}


def ground_of(plan: Plan) -> Ground:
    """Return the venue of a plan."""
    return GROUNDS[plan.venue](plan)
