"""Where files live: private, absolute, and shipped files found wherever the package is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui_trader.core.error import ConfigError
from tui_trader.desk import locations
from tui_trader.desk.locations import Locations, private_dir, private_file, shipped


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_directory_holds_everything_when_told_so(tmp_path: Path) -> None:
    found = Locations.find({"TUI_TRADER_HOME": str(tmp_path)})
    assert found.config_file == tmp_path / "config.toml"
    assert found.themes_dir == tmp_path / "themes"
    assert found.journal_dir == tmp_path / "state" / "journal"
    assert found.log_dir == tmp_path / "log"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("home", ["relative", "~/x", "$HOME/x", "."])
def test_a_relative_home_is_refused(home: str) -> None:
    with pytest.raises(ConfigError, match="TUI_TRADER_HOME: must be an absolute path"):
        Locations.find({"TUI_TRADER_HOME": home})


def test_the_system_decides_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    found = Locations.find({})
    assert found.config_file == tmp_path / "c" / "tui-trader" / "config.toml"
    assert found.state_dir == tmp_path / "s" / "tui-trader"
    assert tmp_path / "s" / "tui-trader" in found.log_dir.parents


def test_without_xdg_it_is_below_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = Locations.find({})
    assert tmp_path in found.config_file.parents
    assert tmp_path in found.state_dir.parents


def test_without_a_home_the_password_file_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    assert Locations.find({}).config_dir.is_absolute()


def test_relative_variables_never_lead_into_the_present_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, "somewhere")
    found = Locations.find({})
    assert all(path.is_absolute() for path in (found.config_dir, found.state_dir, found.log_dir))


def test_a_system_without_a_usable_place_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere:
        user_config_dir = user_state_dir = user_log_dir = "~/.config/tui-trader"

        def __init__(self, *_: object, **__: object) -> None: ...

    monkeypatch.setattr("platformdirs.PlatformDirs", Nowhere)
    with pytest.raises(ConfigError, match=r"the configuration directory .* must be an absolute path"):
        Locations.find({})


def test_what_is_created_is_private(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        path = private_file(tmp_path / "a" / "b" / "journal.db")
    finally:
        os.umask(old)
    assert mode(path) == 0o600
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700
    path.write_text("kept")
    assert private_file(path).read_text() == "kept"


def test_an_existing_directory_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir(mode=0o755)
    (tmp_path / "d").chmod(0o755)
    assert mode(private_dir(tmp_path / "d")) == 0o755


@pytest.mark.parametrize("bits", [0o770, 0o777, 0o702])
def test_a_directory_that_others_may_write_to_is_refused(tmp_path: Path, bits: int) -> None:
    tmp_path.chmod(bits)
    with pytest.raises(ConfigError, match="other users may write to it"):
        private_dir(tmp_path)
    tmp_path.chmod(0o700)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    with pytest.raises(ConfigError, match="is not a directory"):
        private_dir(tmp_path / "f")
    with pytest.raises(ConfigError, match="cannot be made: Not a directory"):
        private_dir(tmp_path / "f" / "g")


def test_a_read_only_home_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ConfigError, match="cannot be made: Permission denied"):
        private_dir(tmp_path / "x")


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(ConfigError, match="belongs to another user"):
        private_dir(tmp_path)


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="cannot be made"):
        private_file(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError):
        private_file(tmp_path / "pipe")


def test_shipped_files_are_found_in_a_checkout() -> None:
    assert (shipped("themes") / "midnight.toml").is_file()
    assert shipped("config.example.toml").is_file()


def test_shipped_files_are_found_in_an_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "tui_trader"
    (package / "_data" / "themes").mkdir(parents=True)
    monkeypatch.setattr(locations, "_PACKAGE", package)
    assert shipped("themes") == package / "_data" / "themes"
    # A stranger's file beside the package is not ours.
    (package.parent / "config.example.toml").write_text("")
    with pytest.raises(FileNotFoundError, match="missing from this installation"):
        shipped("config.example.toml")


@pytest.mark.parametrize("where", [".", "a", "a/b"])
def test_a_parent_in_the_home_that_others_may_write_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    home = tmp_path / "home"
    inner = private_dir(home / "a" / "b" / "state")
    monkeypatch.setenv("HOME", str(home))
    assert private_dir(inner) == inner
    loose = (home / where).resolve()
    loose.chmod(0o777)
    with pytest.raises(ConfigError, match=f"chmod go-w '{loose}'"):
        private_dir(inner)
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    assert private_dir(inner) == inner, "what is above is somebody else's to arrange"


def test_a_parent_that_only_a_group_may_write_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = private_dir(tmp_path / "home" / "state")
    (tmp_path / "home").chmod(0o770)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(locations, "_is_own_group", lambda gid: True)
    assert private_dir(inner) == inner
    monkeypatch.setattr(locations, "_is_own_group", lambda gid: False)
    with pytest.raises(ConfigError, match="other users may write to it"):
        private_dir(inner)
