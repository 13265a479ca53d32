"""Runs programs in one process and tells what each did. Started by `pair.py`, which sends programs over a pipe.

A result is a dict of texts that are the same in every mode: what was printed, the exception with lines and locals of
its frames, the final globals, what stays alive afterwards, and the reference counts of a few objects.
"""

import gc
import io
import marshal
import os
import pickle
import re
import resource
import signal
import struct
import sys
import traceback
import warnings
from collections import Counter
from typing import Any, BinaryIO

ADDRESS = re.compile(r"0x[0-9a-f]+", re.IGNORECASE)
KEPT = {
    "K0": 1234.5678,
    "K1": 10**13 + 7,
    "K2": "a text that is kept",
    "K3": (1, 2, 3, "kept"),
    "K4": b"bytes that are kept",
}
CPU_SECONDS = 0.15 if os.environ.get("WHIPSNAKE") == "0" else 2.0
"""Compiling everything takes its time, and the optimizing tier does so on the spot."""
RECURSION_LIMIT = 160
MEMORY = 1 << 30


class TooSlow(BaseException):
    """The program takes too long to be worth comparing."""


stopped = False
"""Whether the program that runs was told so. It may have swallowed it, or printed it."""


def ring(*_: object) -> None:
    global stopped
    stopped = True
    raise TooSlow


def where(error: BaseException) -> list[tuple[str, int]]:
    """The functions and lines of a traceback."""
    lines = [
        (frame.f_code.co_name, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == "<program>"
    ]
    if len(lines) > RECURSION_LIMIT + 60:
        # CPython 3.13.0 forgets the recursion limit in some calls with default values (gh-145008).
        raise TooSlow
    return lines[:20]


def shown(value: object, depth: int = 0) -> str:
    """A value as text, with the attributes of objects that don't say them."""
    try:
        text = repr(value)
    except Exception as error:
        text = f"<repr: {type(error).__name__}>"
    if type(value).__module__ == "program" and depth < 3:
        try:
            attributes = object.__getattribute__(value, "__dict__")
        except Exception:
            attributes = {}
        text += "{" + ", ".join(f"{name}={shown(attributes[name], depth + 1)}" for name in list(attributes)[:9]) + "}"
    return ADDRESS.sub("0x", text[:4000])[:400]


def chain(error: BaseException) -> str:
    """An exception and what it came from, with the lines, instructions and locals of the program's frames."""
    lines = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if isinstance(link, TooSlow):
            # It was stopped, and what it did in `finally` raised.
            raise link
        lines.append(f"{type(link).__name__}: {shown(link.args)} suppressed={link.__suppress_context__}")
        trace = link.__traceback__
        where(link)
        while trace is not None:
            frame = trace.tb_frame
            if frame.f_code.co_filename == "<program>":
                lines.append(f"  {frame.f_code.co_qualname} line {trace.tb_lineno} at {trace.tb_lasti}")
                if frame.f_code.co_name != "<module>":
                    lines += [f"    {name} = {shown(value)}" for name, value in frame.f_locals.items()]
            trace = trace.tb_next
        link = link.__cause__ or link.__context__
    return "\n".join(lines)


def alive() -> Counter[str]:
    """The objects that the collector knows and that are not frozen, by type."""
    return Counter(type(thing).__name__ for thing in gc.get_objects())


def run(source: str | bytes) -> dict[str, str]:
    """Runs one program, given as text or as marshalled code."""
    try:
        code = compile(source, "<program>", "exec") if isinstance(source, str) else marshal.loads(source)
    except (SyntaxError, ValueError) as error:
        return {"invalid": f"{type(error).__name__}: {error}"}
    global stopped
    stopped = False
    before = alive()
    counts = {name: sys.getrefcount(value) for name, value in KEPT.items()}
    namespace: dict[str, Any] = {"__name__": "program", "where": where, **KEPT}
    result = {}
    out = io.StringIO()
    old = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = out
    unraisable: list[str] = []
    sys.unraisablehook = lambda args: unraisable.append(f"{args.exc_type.__name__}: {args.exc_value}")
    # More than once: programs swallow exceptions.
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS, CPU_SECONDS)
    try:
        try:
            exec(code, namespace)
            result["exception"] = ""
        except Exception as error:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            result["exception"] = chain(error)
            error.__traceback__ = None
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        skipped = {*KEPT, "where", "__builtins__", "__name__", "sys", "math"}
        final = [f"{name} = {shown(value)}" for name, value in namespace.items() if name not in skipped]
        result["globals"] = "\n".join(final)
        namespace.clear()
        del code
        gc.collect()
        if stopped:
            result = {"slow": "1"}
    except TooSlow:
        result = {"slow": "1"}
    except MemoryError:
        result = {"slow": "memory"}
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        sys.stdout, sys.stderr = old
    namespace.clear()
    if "slow" in result:
        gc.collect()
        gc.freeze()
        return result
    result["out"] = ADDRESS.sub("0x", out.getvalue())
    result["unraisable"] = ADDRESS.sub("0x", "\n".join(unraisable))
    result["counts"] = ", ".join(f"{name} {sys.getrefcount(value) - counts[name]:+}" for name, value in KEPT.items())
    result["alive"] = str(sorted((alive() - before).items()))
    gc.freeze()
    return result


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Lists of programs in, lists of results out, until the pipe is closed."""
    while head := requests.read(4):
        programs = pickle.loads(requests.read(struct.unpack("<I", head)[0]))
        data = pickle.dumps([run(program) for program in programs])
        replies.write(struct.pack("<I", len(data)) + data)
        replies.flush()


def prepare() -> None:
    """What all programs of this process find."""
    warnings.simplefilter("ignore")
    gc.disable()
    # What is made once in a process isn't the first program's doing.
    compile("1", "", "exec", 0x400)
    struct.unpack("<I", struct.pack("<I", 0))
    for _ in range(2):
        run(
            "import math, sys\nprint(math.floor(1.5))\nclass C[T]: pass\n"
            "try: 1 / 0\nexcept Exception as e: print(e, where(e))\n"
        )
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGVTALRM, ring)
    sys.setrecursionlimit(RECURSION_LIMIT)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    replies = sys.stdout.buffer
    prepare()
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="utf-8") as file:
            for name, text in run(file.read()).items():
                print(f"[{name}]\n{text}")
    else:
        serve(sys.stdin.buffer, replies)
