"""What the compiler costs a program that never gets hot: start-up, memory, imports; and what a call into it costs."""

import argparse
import os
import statistics
import subprocess
import sys
import time

import processes

MODULES = """argparse ast asyncio base64 bdb bisect calendar cmd codecs collections concurrent.futures configparser
contextlib copy csv dataclasses datetime decimal difflib dis doctest email.message enum fractions ftplib functools
getopt gettext glob graphlib gzip heapq html.parser http.client imaplib inspect ipaddress json locale logging.config
mailbox optparse pathlib pdb pickle plistlib pprint queue random sched shlex shutil smtplib socketserver sqlite3
statistics string subprocess tarfile tempfile threading tomllib traceback typing unittest urllib.request uuid weakref
xml.etree.ElementTree zipfile""".split()[:60]  # noqa: SIM905

CALLS = """
import time
{decorator}
def add(x, y):
    return x + y
{never}
def loop(n):
    for i in range(n):
        add(i, 1)
loop(1000)
best = 1e9
for _ in range(20):
    start = time.perf_counter()
    loop(100_000)
    best = min(best, time.perf_counter() - start)
print(best / 100_000 * 1e9)
"""

# Not `ru_maxrss`, which starts with what the parent had.
MEMORY = "print(next(int(l.split()[1]) / 1024 for l in open('/proc/self/status') if l.startswith('VmHWM')))"


def run(mode: str, code: str) -> str:
    """What a process printed."""
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=processes.environment(mode), stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def timed(mode: str, code: str) -> tuple[float, float]:
    """Seconds of a whole process: on the wall, and of the processor."""
    start = time.perf_counter()
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", code], processes.environment(mode))
    _, status, used = os.wait4(process, 0)
    taken = time.perf_counter() - start
    if status:
        raise SystemExit(f"a process failed ({mode}): {code}")
    return taken, used.ru_utime + used.ru_stime


def interleaved(code: str, times: int) -> dict[str, tuple[float, float]]:
    """The best seconds by mode, on the wall and of the processor."""
    taken: dict[str, list[tuple[float, float]]] = {"off": [], "on": []}
    for number in range(times):
        # Every other pair the other way round.
        for mode in ("off", "on") if number % 2 == 0 else ("on", "off"):
            taken[mode].append(timed(mode, code))
    return {mode: (min(wall for wall, _ in all_), min(cpu for _, cpu in all_)) for mode, all_ in taken.items()}


def show(what: str, code: str, times: int) -> None:
    """A line about the cost of being on."""
    best = interleaved(code, times)
    for index, kind in enumerate(("wall", "processor")):
        off, on = best["off"][index], best["on"][index]
        more = f"{(on - off) * 1e3:+.2f} ms, {(on / off - 1) * 100:+.1f} %"
        print(f"{what}{kind + ':':<11}{off * 1e3:8.2f} ms off, {on * 1e3:8.2f} ms on: {more}", flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40)
    options = parser.parse_args()
    processes.require("on")
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

    show("start-up ", "pass", options.times)
    show(f"{len(MODULES)} imports, ", "import " + ", ".join(MODULES), max(5, options.times // 2))
    memory = [statistics.median(float(run(mode, MEMORY)) for _ in range(5)) for mode in ("off", "on")]
    print(f"memory: {memory[0]:.1f} MiB off, {memory[1]:.1f} MiB on: {memory[1] - memory[0]:+.1f} MiB")
    interpreted = float(run("off", CALLS.format(decorator="", never="")))
    marks = {"decorator": "import whipsnake\n@whipsnake.compile_now", "never": "@whipsnake.never"}
    compiled = float(run("on", CALLS.format(**marks)))
    print(f"calls: {interpreted:.1f} ns interpreted to interpreted, {compiled:.1f} ns interpreted to compiled")


if __name__ == "__main__":
    main()
