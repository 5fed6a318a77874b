"""A frame about somebody else's order that is told again much later: it may not bring a dead order to life on the screen."""

from __future__ import annotations

from tests.dst.history import fast_folder, play
from tests.dst.plan import Plan
from tests.dst.shrink import tell
from tests.dst.weather import Climate

AGAIN = "private frame of connection 4 #1"
"""The first word about an order that another screen placed, repeated twelve seconds later."""

UNANSWERED = "GET /api/v1/private/position/position_mode  #{}"
"""Questions of the reconciliation: so long as they are not answered, the desk does not hear what the stream says."""


def test_an_order_that_an_old_frame_tells_of_is_asked_after() -> None:
    drawn = Plan.drawn(7975, "mexc")
    assert drawn.climate != Climate()
    steps = [step for step in drawn.steps if step.what in ("refuse_login", "meddle")]
    with fast_folder() as folder:
        result = play(drawn.only(steps, {AGAIN, UNANSWERED.format(1), UNANSWERED.format(2)}), folder)
    assert not result.violations, tell(result)
    told = [line.split()[1:3] for line in result.story if " web-1 " in line]
    assert told[:2] == [["web-1", "live"], ["web-1", "canceled"]], "the old frame never came: the seed tells another story now"
