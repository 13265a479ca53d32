"""Worker processes, one without the compiler and one with it, and the comparison of what they say."""

import functools
import marshal
import os
import pickle
import struct
import subprocess
import sys
import threading
import warnings
from typing import IO

# Run as a program, this has only its own folder to import from.
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from modes import some

MODES = some("off", "eager", "low", "warm", "default", "optimizing", "hot")

# A program that prints more has forgotten its recursion limit.
MAX_OUTPUT = 1 << 20

Result = dict[str, str]
WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker.py")


@functools.lru_cache(64)
def compiled(program: str) -> bytes | str:
    """A program's code, marshalled (compiling is dearer than running, and both workers need it). Why, if invalid."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return marshal.dumps(compile(program, "<program>", "exec"))
    except (SyntaxError, ValueError):
        return program


class Died(Exception):
    """The worker is gone; the message says how and what it said."""


class Worker:
    """A process that runs programs."""

    def __init__(self, mode: str, seconds: float = 20) -> None:
        self.mode = mode
        self.seconds = seconds
        self.process: subprocess.Popen[bytes] | None = None
        self.history: list[str] = []

    def environment(self) -> dict[str, str]:
        """The environment of the mode, and what makes runs the same."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("WHIPSNAKE", "PYTHON"))}
        return env | MODES[self.mode] | {"PYTHONHASHSEED": "0", "PYTHONFAULTHANDLER": "1", "PYTHONIOENCODING": "utf-8"}

    def start(self) -> subprocess.Popen[bytes]:
        self.history = []
        self.errors = open(os.path.join(os.environ.get("TMPDIR", "/tmp"), f"fuzz-{os.getpid()}-{id(self)}.err"), "w+b")  # noqa: SIM115
        os.unlink(self.errors.name)
        self.process = subprocess.Popen(
            [sys.executable, WORKER],
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        return self.process

    def stop(self) -> str:
        """Ends the process; says how it ended."""
        if self.process is None:
            return ""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass
        self.process = None
        self.errors.seek(0)
        text = self.errors.read().decode("utf-8", "replace")
        self.errors.close()
        return f"exit {code}\n{text}"

    def ask(self, programs: list[str]) -> None:
        """Sends programs. The process is a new one now and then: CPython runs out of type versions."""
        if self.process is not None and len(self.history) >= 3000:
            self.stop()
        process = self.process or self.start()
        self.history += programs
        data = pickle.dumps([compiled(program) for program in programs])
        assert process.stdin is not None
        try:
            process.stdin.write(struct.pack("<I", len(data)) + data)
            process.stdin.flush()
        except OSError:
            pass  # It died; `results` says so.

    def results(self) -> list[Result]:
        """The results of what was asked."""
        process = self.process
        assert process is not None
        assert process.stdout is not None
        timer = threading.Timer(self.seconds, process.kill)
        timer.start()
        try:
            head = read(process.stdout, 4)
            body = read(process.stdout, struct.unpack("<I", head)[0])
        except EOFError:
            hung = not timer.is_alive()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                pass
            code = process.poll()
            raise Died(f"{'hangs' if hung else f'died ({code})'}: {self.stop()}") from None
        finally:
            timer.cancel()
        answer: list[Result] = pickle.loads(body)
        return answer

    def run(self, program: str) -> Result:
        """One program, in a process of its own."""
        self.stop()
        self.ask([program])
        try:
            return self.results()[0]
        except Died as error:
            return {"died": str(error)}
        finally:
            self.stop()


def read(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


def is_useless(expected: Result) -> bool:
    """Whether there is nothing to compare with: the program takes too long, or too much memory, or too many levels.

    At the recursion limit CPython 3.13.0 itself is a level off now and then, and may forget it (gh-145008).
    What stopped one program, the next ones may see as the exception that is being handled.
    """
    if "slow" in expected or "invalid" in expected or "died" in expected:
        return True
    if len(expected["out"]) > MAX_OUTPUT:
        return True
    text = expected["exception"] + expected["out"] + expected["globals"]
    return any(name in text for name in ("MemoryError", "RecursionError", "TooSlow"))


def difference(expected: Result, result: Result) -> str:
    """Which part differs and its first differing line; empty if nothing differs or the program is of no use."""
    if is_useless(expected):
        return ""
    if "died" in result:
        return "died: " + result["died"]
    if "slow" in result:
        return f"slow: {result['slow']}"
    for part, text in expected.items():
        if result.get(part) != text:
            ours = str(result.get(part)).splitlines()
            for number, line in enumerate(text.splitlines()):
                other = ours[number] if number < len(ours) else "<no line>"
                if other != line:
                    return f"{part} line {number}: {line!r} became {other!r}"
            return f"{part}: more lines"
    return ""
