"""Variables by which a developer of screens sees every key, or has keys pressed: in a terminal that trades they do nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.e2e.conftest import Shell
from tests.e2e.terminal import Terminal

A_SCREEN = "from textual.app import App\nclass A(App):\n    def key_z(self):\n        self.exit()\nA().run()"


def test_no_key_is_written_to_a_file_or_pressed_by_a_variable(shell: Shell, tmp_path: Path) -> None:
    log = tmp_path / "keys.log"
    shell.environ |= {"TEXTUAL_LOG": str(log), "TEXTUAL_PRESS": "b,enter,z", "TEXTUAL": "devtools,debug"}
    other = Terminal([shell.python, "-c", A_SCREEN], environ=shell.environ, cwd=tmp_path)
    try:
        other.wait_exit()
    finally:
        other.end()
    assert "Key(key='z'" in log.read_text() or "key='z'" in log.read_text(), "any other screen would tell"
    log.unlink()

    window = shell.terminal()
    window.wait(r"BTCUSDT +9")
    window.press("b", "STAGE")
    window.type("\x1b")
    window.type("q")
    window.type("q")
    assert window.wait_exit() == 0
    assert not log.exists()
    assert shell.intents() == []
    told = subprocess.run(["grep", "-rl", "key='q'", str(tmp_path)], capture_output=True, text=True, check=False)
    assert told.stdout == ""
