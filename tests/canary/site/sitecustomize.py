"""Read by each interpreter that a test starts with this directory on its path: exchanges then sign with the canary."""

from __future__ import annotations

import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder

SERVER = "tui_trader.sim.server"


class _Late(MetaPathFinder):
    """Waits for the exchange's module, and lets it be changed as soon as it is there."""

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name != SERVER:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module):  # type: ignore[no-untyped-def]
                execute(module)
                with open(os.environ["CANARY_FILE"]) as file:
                    canary = file.read()
                from sign import sign_with

                sign_with(canary)

            spec.loader.exec_module = exec_module
        return spec


if os.environ.get("CANARY_FILE"):
    sys.meta_path.insert(0, _Late())
