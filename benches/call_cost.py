"""What a call from interpreted code costs: to an interpreted function, and to a compiled one."""

import os
import subprocess
import sys

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


def nanoseconds(enabled: str, decorator: str, never: str) -> float:
    """The best time of a call in a fresh process."""
    env = {**os.environ, "WHIPSNAKE": enabled, "PYTHONHASHSEED": "0"}
    code = CALLS.format(decorator=decorator, never=never)
    return float(subprocess.run([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    """Prints both."""
    interpreted = nanoseconds("0", "", "")
    compiled = nanoseconds("1", "import whipsnake\n@whipsnake.compile_now", "@whipsnake.never")
    print(f"calls: {interpreted:.1f} ns interpreted to interpreted, {compiled:.1f} ns interpreted to compiled")


if __name__ == "__main__":
    main()
