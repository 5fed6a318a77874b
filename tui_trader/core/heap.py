"""Memory that was asked of the system to start with, given back.

Reading a product list or importing five hundred modules takes megabytes that are free again a moment later, in holes too small
for the C library to give back by itself.
"""

from __future__ import annotations

import sys


def give_back() -> bool:
    """Give the system what the C library holds and nobody uses; return whether there was any. A few milliseconds, once.

    Other systems than Linux, and other C libraries than the one with ``malloc_trim``, see to that by themselves or not at all.
    """
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (AttributeError, OSError):
        return False
