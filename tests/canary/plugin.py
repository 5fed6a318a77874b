"""Puts the canary into every built-in exchange of a test run, watches where it could get out, and fails the run if it did.

Looked at are: every file below the run's temporary directory when all is over (journals, logs, configurations, recordings), what
tests print and log, what terminals were sent, what commands said, and the arguments and environment of every process that is
started, and of those that they start, as far as they live when somebody looks. The canary reaches other processes in a file, for
neither arguments nor variables may hold it.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.canary.scanner import Scanner

SITE = Path(__file__).parent / "site"
"""Goes on the path of programs that tests start: lets their exchanges sign with the canary."""

VARIABLE = "CANARY_FILE"
"""Says where that file is."""

EVERY_S = 1.0
"""How often, at most, living processes are looked at."""

_run: CanaryRun | None = None


def canary() -> str:
    """Return the canary of this run."""
    assert _run is not None, "the canary's plugin is not installed"
    return _run.secret


def examine(where: str, data: bytes | str) -> None:
    """Report a leak if the canary is in something that a program put out."""
    if _run is not None:
        _run.examine(where, data)


def environment() -> dict[str, str]:
    """Return the variables for a program that a test starts with a clean environment."""
    return {VARIABLE: str(_run.file), "PYTHONPATH": str(SITE)} if _run is not None and _run.file is not None else {}


def pytest_configure(config: pytest.Config) -> None:
    """Begin a run, or a worker's part of one."""
    global _run
    if config.pluginmanager.has_plugin("canary"):
        return
    told: dict[str, Any] = getattr(config, "workerinput", {})
    _run = CanaryRun(config, told.get("canary") or f"{secrets.token_urlsafe(24)}+/{secrets.token_urlsafe(12)}=~", bool(told))
    config.pluginmanager.register(_run, "canary")
    if not config.option.collectonly:
        from tests.canary.site.sign import sign_with

        sign_with(_run.secret)
        sys.addaudithook(_audit)


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _run is not None and event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
        _run.started(*args)


class CanaryRun:
    """One run, in one process of it."""

    def __init__(self, config: pytest.Config, secret: str, is_worker: bool) -> None:
        self.secret = secret
        self.file: Path | None = None
        self.leaks: dict[str, None] = {}
        self._config = config
        self._is_worker = is_worker
        self._scanner = Scanner(secret)
        self._test = ""
        self._looked_at = 0.0
        self._has_started = False
        """Whether a process was started since somebody looked."""
        self.spent_s = 0.0
        """Processor time that the looking took."""

    def __repr__(self) -> str:
        return "CanaryRun(…)"

    def examine(self, where: str, data: bytes | str) -> None:
        if name := self._scanner.find(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")):
            self.leaks[f"{where}{f' in {self._test}' if self._test else ''}: {name}"] = None

    def started(self, program: Any, words: Any = (), *more: Any) -> None:
        """Look at what a process is started with."""
        self._has_started = True
        environ = next((one for one in reversed(more) if isinstance(one, dict)), None)
        texts = [os.fsdecode(word) if isinstance(word, bytes | os.PathLike) else str(word) for word in (program, *(words or ()))]
        self.examine("arguments of a process", "\0".join(texts))
        if environ is not None:
            self.examine("environment of a process", "\0".join(f"{name}={value}" for name, value in environ.items()))

    def look_at_processes(self) -> None:
        """Look at every process that descends from this one."""
        waiting = [os.getpid()]
        while waiting:
            pid = waiting.pop()
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    waiting += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
                for name in ("cmdline", "environ"):
                    self.examine(f"/proc/PID/{name}", Path(f"/proc/{pid}/{name}").read_bytes())
            except OSError:
                continue  # gone meanwhile, or not Linux

    # -- hooks -----------------------------------------------------------------------------------------------------

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist; over its pipe."""
        node.workerinput["canary"] = self.secret

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker has seen."""
        told = getattr(node, "workeroutput", {})
        self.leaks |= dict.fromkeys(told.get("canary_leaks", ()))
        self.spent_s += told.get("canary_s", 0.0)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        folder = Path(session.config._tmp_path_factory.mktemp("canary", numbered=False))  # type: ignore[attr-defined]
        self.file = folder / "canary"
        self.file.touch(mode=0o600)
        self.file.write_text(self.secret)
        os.environ[VARIABLE] = str(self.file)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._test = nodeid

    def pytest_runtest_teardown(self) -> None:
        if self._has_started or time.monotonic() - self._looked_at > EVERY_S:
            self._has_started = False
            started = time.process_time()
            self.look_at_processes()
            self.spent_s += time.process_time() - started
            self._looked_at = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for title, text in report.sections:
            self.examine(f"{title} of {report.nodeid}", text)
        if report.failed:
            self.examine(f"the failure of {report.nodeid}", report.longreprtext)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._test = ""
        if self._is_worker:
            session.config.workeroutput |= {"canary_leaks": list(self.leaks), "canary_s": self.spent_s}  # type: ignore[attr-defined]
            return
        started = time.process_time()
        folder = Path(session.config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined]
        known = frozenset(path for path in folder.glob("**/canary/canary"))
        for place in (folder, *(session.config.rootpath / name for name in (".pytest_cache", ".hypothesis"))):
            self.leaks |= dict.fromkeys(self._scanner.walk(place, known))
        self.spent_s += time.process_time() - started
        for path in known:
            path.unlink(missing_ok=True)
        if self.leaks and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.leaks:
            terminalreporter.section("the canary got out", red=True, bold=True)
            for leak in self.leaks:
                terminalreporter.write_line(leak)
        elif not self._is_worker and terminalreporter.verbosity > 0:
            terminalreporter.write_line(f"the canary was found nowhere ({self.spent_s:.1f} s of processor time)")
