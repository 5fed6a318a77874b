"""The vault as a file: made, opened, changed, copied, and refused."""

from __future__ import annotations

import functools
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from tui_trader.core.error import RefusedError
from tui_trader.secrets import private_file
from tui_trader.secrets.entry import KeyName, StoredKey
from tui_trader.secrets.sealed import LEAST, SHUT, derive_key, unseal
from tui_trader.secrets.secret import Secret
from tui_trader.secrets.vault import Vault

PASSPHRASE = Secret("correct horse battery")
OTHER = Secret("staple of another kind")
MAIN = StoredKey(KeyName("phemex", "testnet", "main"), "kid-main", Secret("secret-main"))
LIVE = StoredKey(KeyName("phemex", "live", "main"), "kid-live", Secret("secret-live"))

known = functools.cache(derive_key)


def at(path: Path) -> Vault:
    return Vault(path, LEAST, known)


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    one = at(tmp_path / "vault.bin")
    one.create(PASSPHRASE)
    one.store(MAIN)
    return one


def reopened(one: Vault, passphrase: Secret = PASSPHRASE) -> Vault:
    again = at(one.path)
    again.unlock(passphrase)
    return again


def test_keys_go_in_and_come_out(made: Vault) -> None:
    again = reopened(made)
    assert again.get(MAIN.name) == MAIN
    assert again.get(LIVE.name) is None
    again.store(LIVE)
    assert reopened(made).names() == [LIVE.name, MAIN.name]
    assert again.remove(MAIN.name)
    assert not again.remove(MAIN.name)
    assert reopened(made).names() == [LIVE.name]


def test_a_file_holds_nothing_as_it_is_and_no_two_are_alike(made: Vault) -> None:
    first = made.path.read_bytes()
    for hidden in (b"secret-main", b"kid-main", b"phemex", b"correct horse"):
        assert hidden not in first
    made.store(MAIN)
    second = made.path.read_bytes()
    assert second != first
    assert second[19:47] != first[19:47], "salt and nonce are new with every write"


def test_it_is_for_its_user_alone(made: Vault) -> None:
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert {path.name for path in made.path.parent.iterdir()} == {"vault.bin", ".vault.bin.lock"}


def test_a_locked_vault_gives_and_takes_nothing(made: Vault) -> None:
    made.lock()
    assert not made.is_open
    assert made.get(MAIN.name) is None
    with pytest.raises(RefusedError, match="locked"):
        made.store(LIVE)
    with pytest.raises(RefusedError, match="locked"):
        made.backup(made.path.with_name("copy"))


def test_there_is_one_vault_and_it_is_never_overwritten(made: Vault) -> None:
    before = made.path.read_bytes()
    with pytest.raises(RefusedError, match="exists already"):
        at(made.path).create(OTHER)
    assert made.path.read_bytes() == before


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="at least 8 characters"):
        at(tmp_path / "vault.bin").create(Secret("1234567"))
    assert list(tmp_path.iterdir()) == []


def test_wrong_and_damaged_say_the_same(made: Vault) -> None:
    with pytest.raises(RefusedError) as wrong:
        at(made.path).unlock(OTHER)
    made.path.write_bytes(made.path.read_bytes()[:-1])
    with pytest.raises(RefusedError) as damaged:
        at(made.path).unlock(PASSPHRASE)
    made.path.write_bytes(b"")
    with pytest.raises(RefusedError) as empty:
        at(made.path).unlock(PASSPHRASE)
    assert wrong.value.message == damaged.value.message == empty.value.message == SHUT


def test_no_vault_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="type: tui-trader keys init-vault"):
        at(tmp_path / "vault.bin").unlock(PASSPHRASE)
    assert not at(tmp_path / "vault.bin").exists


def test_a_changed_passphrase_opens_and_the_old_one_does_not(made: Vault) -> None:
    made.change_passphrase(OTHER)
    assert reopened(made, OTHER).get(MAIN.name) == MAIN
    with pytest.raises(RefusedError):
        reopened(made)
    made.store(LIVE)
    assert reopened(made, OTHER).names() == [LIVE.name, MAIN.name]
    with pytest.raises(RefusedError, match="at least 8"):
        made.change_passphrase(Secret("short"))


def test_two_processes_do_not_lose_each_others_keys(made: Vault) -> None:
    one, other = reopened(made), reopened(made)
    one.store(LIVE)
    third = StoredKey(KeyName("phemex", "live", "second"), "k", Secret("s"))
    other.store(third)
    assert reopened(made).names() == [LIVE.name, third.name, MAIN.name]
    assert other.get(LIVE.name) == LIVE


def _hold(path: Path, held: multiprocessing.synchronize.Event, let_go: multiprocessing.synchronize.Event) -> None:
    with at(path)._held():
        held.set()
        let_go.wait()


def test_while_another_process_writes_it_is_refused(made: Vault) -> None:
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(made.path, held, let_go))
    process.start()
    try:
        assert held.wait(60)
        with pytest.raises(RefusedError, match="another tui-trader"):
            made.store(LIVE)
    finally:
        let_go.set()
        process.join()
    made.store(LIVE)


# -- a disk that fails -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["write", "fsync", "replace", "open"])
def test_a_write_that_fails_leaves_the_old_one_and_no_rest(made: Vault, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    before = made.path.read_bytes()

    def full(*args: object, **kwargs: object) -> int:
        raise OSError(28, "No space left on device")

    def refuse_new(path: object, flags: int, *rest: int) -> int:
        if flags & os.O_EXCL:
            full()
        return opened(path, flags, *rest)  # type: ignore[arg-type]

    opened = os.open
    if step == "replace":
        monkeypatch.setattr(Path, "replace", full)
    else:
        monkeypatch.setattr(private_file.os, step, refuse_new if step == "open" else full)
    with pytest.raises(RefusedError, match="No space left"):
        made.store(LIVE)
    monkeypatch.undo()
    assert made.path.read_bytes() == before
    assert made.names() == [MAIN.name], "what is not on the disk is not shown as stored"
    assert {path.name for path in made.path.parent.iterdir()} == {"vault.bin", ".vault.bin.lock"}


def test_a_write_in_pieces_is_whole(made: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(private_file.os, "write", lambda descriptor, data: real(descriptor, bytes(data)[:7]))
    made.store(LIVE)
    monkeypatch.undo()
    assert reopened(made).get(LIVE.name) == LIVE


def test_the_order_is_write_sync_rename_sync(made: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    sync, move = os.fsync, Path.replace
    monkeypatch.setattr(private_file.os, "fsync", lambda descriptor: (steps.append("sync"), sync(descriptor))[1])
    monkeypatch.setattr(Path, "replace", lambda self, target: (steps.append("rename"), move(self, target))[1])
    made.store(LIVE)
    assert steps == ["sync", "rename", "sync"]


# -- copies ----------------------------------------------------------------------------------------------------------------------


def test_a_backup_opens_and_is_never_half_there(made: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copies" / "vault.backup"
    made.backup(copy)
    assert unseal(copy.read_bytes(), PASSPHRASE, known)
    assert at(copy).path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RefusedError, match="exists already"):
        made.backup(copy)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_file.os, "fsync", full)
    other = tmp_path / "copies" / "second"
    with pytest.raises(RefusedError):
        made.backup(other)
    monkeypatch.undo()
    assert [path.name for path in copy.parent.iterdir()] == ["vault.backup"]


def test_a_damaged_vault_is_not_copied(made: Vault, tmp_path: Path) -> None:
    made.path.write_bytes(made.path.read_bytes()[:-1] + b"\0")
    with pytest.raises(RefusedError, match="damaged"):
        made.backup(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


# -- what is not private ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666, 0o620])
def test_a_vault_that_others_may_touch_is_refused_with_the_command(made: Vault, mode: int) -> None:
    made.path.chmod(mode)
    with pytest.raises(RefusedError) as caught:
        reopened(made)
    assert caught.value.message.endswith(f"type: chmod 600 '{made.path}'")
    made.path.chmod(0o600)
    reopened(made)


def test_a_link_is_not_followed(made: Vault, tmp_path: Path) -> None:
    link = tmp_path / "link.bin"
    link.symlink_to(made.path)
    for work in (lambda: at(link).unlock(PASSPHRASE), lambda: at(link).create(PASSPHRASE)):
        with pytest.raises(RefusedError, match=r"symbolic link|exists already"):
            work()
    assert link.is_symlink()


def test_a_pipe_or_a_directory_in_its_place(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(RefusedError, match="not a regular file"):
            at(tmp_path / name).unlock(PASSPHRASE)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_directory_that_others_may_write_to_is_refused(made: Vault, mode: int) -> None:
    made.path.parent.chmod(mode)
    try:
        for work in (lambda: reopened(made), lambda: made.store(LIVE)):
            with pytest.raises(RefusedError) as caught:
                work()
            assert caught.value.message.endswith(f"type: chmod go-w '{made.path.parent}'")
    finally:
        made.path.parent.chmod(0o700)


def test_so_is_one_higher_up_in_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    deep = tmp_path / "open" / "inner"
    deep.mkdir(parents=True)
    (tmp_path / "open").chmod(0o770)
    with pytest.raises(RefusedError, match="chmod go-w"):
        at(deep / "vault.bin").create(PASSPHRASE)
    (tmp_path / "open").chmod(0o755)
    at(deep / "vault.bin").create(PASSPHRASE)


def test_other_owners(made: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_file.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(RefusedError, match="belongs to another user"):
        reopened(made)
    with pytest.raises(RefusedError, match="belongs to another user"):
        private_file.write_private(made.path, b"")


def test_what_is_sealed_by_somebody_else_with_the_right_passphrase(made: Vault) -> None:
    from tui_trader.secrets.sealed import seal

    for content in (
        b"",
        b"null",
        b"[]",
        b'{"v": 1}',
        b'{"v": 1, "keys": {"x": "y"}}',
        b'{"v": 1, "keys": {"a/b/c": "y"}}',
        b"\xff",
    ):
        made.path.write_bytes(seal(content, PASSPHRASE, LEAST, bytes(16), bytes(12), known))
        with pytest.raises(RefusedError):
            reopened(made)
