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

MEMORY = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"


def run(mode: str, code: str) -> tuple[float, str]:
    """Seconds of a whole process, and what it printed."""
    start = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", code], env=processes.environment(mode), capture_output=True, text=True, check=True
    )
    return time.perf_counter() - start, result.stdout


def interleaved(code: str, times: int) -> tuple[list[float], list[float]]:
    """Seconds off and on."""
    off, on = [], []
    for number in range(times):
        # Every other pair the other way round.
        for mode in ("off", "on") if number % 2 == 0 else ("on", "off"):
            (off if mode == "off" else on).append(run(mode, code)[0])
    return off, on


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40)
    options = parser.parse_args()
    processes.require("on")
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

    off, on = interleaved("pass", options.times)
    print(f"start-up: {statistics.median(off) * 1e3:.2f} ms off, {statistics.median(on) * 1e3:.2f} ms on")
    print(f"          on costs {(statistics.median(on) - statistics.median(off)) * 1e3:.2f} ms")

    memory = [statistics.median(float(run(mode, MEMORY)[1]) for _ in range(5)) for mode in ("off", "on")]
    print(f"memory:   {memory[0]:.1f} MiB off, {memory[1]:.1f} MiB on, {memory[1] - memory[0]:.1f} MiB more")

    imports = "import " + ", ".join(MODULES)
    off, on = interleaved(imports, max(5, options.times // 2))
    ratio = statistics.median(on) / statistics.median(off)
    print(f"imports:  {len(MODULES)} modules, {statistics.median(off) * 1e3:.0f} ms off, {(ratio - 1) * 100:+.1f} % on")

    interpreted = float(run("off", CALLS.format(decorator="", never=""))[1])
    marks = {"decorator": "import whipsnake\n@whipsnake.compile_now", "never": "@whipsnake.never"}
    compiled = float(run("on", CALLS.format(**marks))[1])
    print(f"calls:    {interpreted:.1f} ns interpreted to interpreted, {compiled:.1f} ns interpreted to compiled")


if __name__ == "__main__":
    main()
