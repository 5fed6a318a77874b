"""A desk writes down what it hears and no secret; without being asked for the account, nothing of the account."""

from __future__ import annotations

import json
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.desk.conftest import BTC, World, until
from tui_trader.core.error import RefusedError, WireError
from tui_trader.core.event import LinkChanged, Notice, Unreadable
from tui_trader.core.types import LinkState, Side
from tui_trader.desk import recording as module
from tui_trader.desk.playback import Playback
from tui_trader.desk.recording import line_of
from tui_trader.storage.recording import RecordingLines
from tui_trader.venues.base import Lane


def kinds(path: Path) -> list[tuple[str, str]]:
    lines = RecordingLines(path)
    found = [(each.dir, each.lane or each.kind) for each in lines]
    assert not lines.bad
    lines.close()
    return found


async def trade(world: World, path: Path, *, private: bool) -> Any:
    """Record a desk that buys, and return the desk."""
    desk = await world.desk("BTCUSDT", "ETHUSDT")
    said = desk.begin_recording(path, private=private)
    assert ("ACCOUNT" in said) == private
    desk.stage.cross(BTC, Side.BUY)
    await desk.send_stage()
    await until(lambda: len(desk.store.open_positions()) == 1)
    desk.absorb([Notice("a word about a fill")])
    await until(lambda: desk.recording.frames > 60)
    return desk


async def test_market_alone_unless_the_account_is_asked_for(world: World, tmp_path: Path) -> None:
    path = tmp_path / "market.rec.jsonl"
    desk = await trade(world, path, private=False)
    desk.end_recording()
    found = kinds(path)
    assert found[0] == ("head", "")
    assert found[1] == ("state", "")
    assert ("recv", "public") in found
    assert ("recv", "private") not in found
    assert not [each for each in found if each[0] == "order" or each == ("told", "Notice")]
    text = path.read_text()
    for order in desk.store.blotter.orders():
        assert order.client_id not in text
    assert "a word about a fill" not in text
    head = json.loads(text.splitlines()[0])["msg"]
    assert head["private"] is False
    assert head["account"] == ""
    playback = Playback(path)
    while playback.step():
        pass
    assert not playback.desk.store.positions
    assert not playback.desk.store.blotter.orders()
    assert playback.desk.store.book_is_fresh(BTC)
    await playback.desk.close()


async def test_with_the_account_everything_of_it_and_no_secret(world: World, tmp_path: Path) -> None:
    path = tmp_path / "all.rec.jsonl"
    desk = await trade(world, path, private=True)
    desk.feeds.renew(Lane.PRIVATE, "a new login while it records")
    await until(lambda: not desk.reconciled)
    await until(lambda: desk.reconciled)
    desk.end_recording()
    found = kinds(path)
    assert {("recv", "private"), ("order", ""), ("told", "Notice"), ("told", "PositionsSnapshot")} <= set(found)
    text = path.read_text()
    assert world.server.secret not in text
    assert world.server.key not in text
    assert "user.auth" not in text
    playback = Playback(path)
    while playback.step():
        pass
    store, then = playback.desk.store, desk.store
    assert store.blotter.fills() == then.blotter.fills()
    assert [(o.client_id, o.status, o.filled) for o in store.blotter.orders()] == [
        (o.client_id, o.status, o.filled) for o in then.blotter.orders()
    ]
    assert store.open_positions()[0].qty == then.open_positions()[0].qty
    assert not playback.lines.bad
    await playback.desk.close()


async def test_one_at_a_time_and_both_ways_say_what_to_type(world: World, tmp_path: Path) -> None:
    desk = await world.desk("BTCUSDT")
    with pytest.raises(RefusedError, match="rec start begins"):
        desk.end_recording()
    with pytest.raises(RefusedError, match="no directory"):
        desk.begin_recording()
    desk.recordings_dir = tmp_path / "recordings"
    desk.begin_recording()
    assert desk.recording_words == "REC"
    with pytest.raises(RefusedError, match="rec stop ends it"):
        desk.begin_recording(tmp_path / "b.jsonl")
    path = desk.recording.path  # type: ignore[union-attr]
    assert path.parent == tmp_path / "recordings"
    assert path.name.endswith(module.SUFFIX)
    await desk.close()
    assert desk.recording is None
    assert kinds(path)[0] == ("head", "")


async def test_one_that_fails_ends_and_is_said(world: World, tmp_path: Path) -> None:
    desk = await world.desk("BTCUSDT")
    desk.begin_recording(tmp_path / "a.jsonl")
    assert desk.recording is not None
    desk.recording._file.failure = "the disk is full"
    await until(lambda: desk.recording is None)
    assert any("recording ended: the disk is full" in notice.text for notice in desk.store.notices)
    assert desk.recording_words == ""


@pytest.mark.parametrize(
    "frame",
    [
        b'{"a": 1}',
        b'{\n "a":\r\n 1}',
        b"no json",
        b'{"a":"\xff"}',
        b'{"open',
        b"",
        b'{"a":1}{"b":2}',
        b'["' + b"x" * 100_000 + b'"]',
    ],
)
def test_every_frame_is_one_line_and_comes_back_as_it_meant(frame: bytes) -> None:
    item = module._Item("recv", 1_700_000_000_123_456_789, 5, "public", "", frame)
    raw = line_of(item)
    assert b"\n" not in raw
    document = json.loads(raw)
    assert document["lane"] == "public"
    if "kind" in document:
        import base64

        assert base64.b64decode(document["msg"]) == frame
    else:
        assert document["msg"] == json.loads(frame)


def test_what_concerns_the_account_is_private() -> None:
    public = module.Recording._is_public
    assert public(LinkChanged("phemex", "public", LinkState.LIVE))
    assert not public(LinkChanged("phemex", "private", LinkState.LIVE))
    assert not public(Notice("filled"))
    assert public(Unreadable("phemex", "x", "00", BTC))
    assert not public(Unreadable("phemex", "x", "00"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no line"),
        ('{"dir":"head","msg":{"format":"other","version":1}}\n', "cannot be read"),
        (
            '{"dir":"head","msg":{"format":"tui-trader recording","version":99,"venue":"phemex","env":"sim","account":"",'
            '"private":false,"program":"","started":""}}\n',
            "version 99",
        ),
        (
            '{"dir":"head","msg":{"format":"tui-trader recording","version":1,"venue":"phemex","env":"moon","account":"",'
            '"private":false,"program":"","started":""}}\n',
            "no environment 'moon'",
        ),
    ],
)
def test_what_is_no_recording_is_said(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(WireError, match=message):
        Playback(path)


async def test_frames_of_others_are_played_too(tmp_path: Path) -> None:
    """Captured frames of 2021, without a head: the books come out as the older way of reading them says."""
    from tui_trader.desk.replay import Replay

    path = Path(__file__).parents[1] / "venues" / "phemex" / "payloads" / "ws_orderbook_trades_2021.jsonl"
    plain = Replay("phemex")
    for line in path.read_bytes().splitlines():
        plain.feed_line(line)
    playback = Playback(path)
    assert playback.length_ns > 0
    while playback.step():
        pass
    store = playback.desk.store
    assert playback.frames == plain.frames
    assert set(store.books) == set(plain.store.books)
    for iid, book in plain.store.books.items():
        assert store.books[iid].bids() == book.bids()
    assert playback.symbols
    assert D(0) < next(iter(store.books.values())).best_bid  # type: ignore[operator]
    await playback.desk.close()
