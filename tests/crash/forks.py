"""The fork-server: a process with everything imported and no event loop, that becomes one life of the program after another."""

from __future__ import annotations

import gc
import json
import os
import select
import socket

from tests.crash.life import Plan, live
from tests.crash.pace import Pace


def serve(sock: socket.socket, pace: Pace) -> None:
    """Fork for every plan that comes, tell of every death, end when nobody listens."""
    gc.freeze()
    sock.setblocking(False)
    rest = b""
    running: dict[int, int] = {}
    while True:
        if select.select([sock], [], [], 0.01)[0]:
            data = sock.recv(1 << 16)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                question = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    sock.close()
                    live(Plan(**question["words"]["plan"]), pace)
                running[pid] = question["number"]
        while running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            told = {"number": running.pop(pid), "result": os.waitstatus_to_exitcode(status)}
            sock.sendall(json.dumps(told).encode() + b"\n")
    for pid in running:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
