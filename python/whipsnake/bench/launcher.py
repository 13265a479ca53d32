"""Our side of `spawner.py`: runs commands one after the other, measured from outside."""

import marshal
import os
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

DEFAULT_TIMEOUT = 600.0


class Run(NamedTuple):
    """What one process did and took."""

    code: int
    """Its exit code; minus the number of the signal that ended it."""
    wall: float
    cpu: float
    peak_kib: int
    out: bytes
    err: str
    report: str
    """What it wrote to file descriptor 3."""
    late: bool
    """It was ended because it took too long."""

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.late:
            return "took too long"
        return f"ended by signal {-self.code}" if self.code < 0 else f"exit code {self.code}"

    @property
    def complaint(self) -> str:
        """How it ended and the last it said."""
        last = self.err.strip().splitlines()[-8:]
        return "\n".join([self.ending, *last])


class CantStart(Exception):
    """The command can't be run at all."""


class Launcher:
    """Keeps the spawning process, and a folder for what the measured ones print."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="whipsnake-bench-")
        spawner = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spawner.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", spawner],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "WHIPSNAKE": "0"},
        )

    def __enter__(self) -> "Launcher":
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        # What still runs was given up (by Ctrl-C): it is ended, and then the spawner finds that nobody asks any more.
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name: str) -> str:
        """A file in the folder."""
        return os.path.join(self.folder, name)

    def run(self, arguments: list[str], environment: dict[str, str], timeout: float = DEFAULT_TIMEOUT) -> Run:
        """Runs it to its end, with nothing on stdin."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        files = [self.path(name) for name in ("out", "err", "report")]
        marshal.dump((arguments, environment, files, timeout), self._process.stdin)
        self._process.stdin.flush()
        answer = marshal.load(self._process.stdout)
        if isinstance(answer, str):
            raise CantStart(f"{arguments[0]}: {answer}")
        status, wall, user, system, peak, late = answer
        out, err, report = (self._read(path) for path in files)
        return Run(
            code=os.waitstatus_to_exitcode(status),
            wall=wall,
            cpu=user + system,
            peak_kib=peak,
            out=out,
            err=err.decode(errors="replace"),
            report=report.decode(errors="replace"),
            late=late,
        )

    @staticmethod
    def _read(path: str) -> bytes:
        with open(path, "rb") as file:
            return file.read()
