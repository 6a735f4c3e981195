# SPDX-License-Identifier: ISC
"""What goes on beside a case."""
import contextlib
import os
import threading


class Meanwhile(threading.Thread):
    """Calls TURN() again and again until the block ends."""

    def __init__(self, turn, pause=0.0):
        super().__init__(daemon=True)
        self.turn = turn
        self.pause = pause
        self.over = threading.Event()
        self.error = None

    def run(self):
        try:
            while not self.over.wait(self.pause):
                self.turn()
        except Exception as error:  # told when the block ends
            self.error = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        self.join()
        if self.error is not None:
            raise self.error


def pids(*programs):
    """Processes that run one of PROGRAMS now, be its file gone."""
    found = set()
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            program = os.readlink(f"/proc/{entry}/exe")
            if os.path.basename(program).split(" ")[0] in programs:
                found.add(int(entry))
    return found
