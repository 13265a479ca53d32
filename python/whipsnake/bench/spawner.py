"""The process that starts what is measured: small, so that its own memory and time don't show in the figures.

What the kernel reports as a process's peak memory is never less than what its parent had, so the parent must be smaller
than any Python. This file runs by itself, with `-I -S`, and imports nothing of ours: it reads requests from stdin and
answers on stdout, both as `marshal`.
"""

import marshal
import posix
import signal
import sys
from time import perf_counter


def serve() -> None:
    """Starts one process for each request: (arguments, environment, files, seconds it may take)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            arguments, environment, files, timeout = marshal.load(requests)
        except EOFError:
            return
        marshal.dump(run(arguments, environment, files, timeout), answers)
        answers.flush()


def run(
    arguments: list[str], environment: dict[str, str], files: list[str], timeout: float
) -> tuple[int, float, float, float, int, bool] | str:
    """Runs it to its end: (status, wall, user, system, peak KiB, whether it took too long), or why it can't start."""
    actions = [
        (posix.POSIX_SPAWN_OPEN, number, path, posix.O_RDWR | posix.O_CREAT | posix.O_TRUNC, 0o600)
        for number, path in enumerate(files, 1)
    ]
    actions.append((posix.POSIX_SPAWN_OPEN, 0, "/dev/null", posix.O_RDONLY, 0))
    start = perf_counter()
    try:
        child = posix.posix_spawnp(
            arguments[0], arguments, environment, file_actions=actions, setsigdef=[signal.SIGINT], setsigmask=[]
        )
    except OSError as error:
        return str(error)
    late = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal late
        late = True
        posix.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.setitimer(signal.ITIMER_REAL, timeout)
    _, status, used = posix.wait4(child, 0)
    taken = perf_counter() - start
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return status, taken, used.ru_utime, used.ru_stime, used.ru_maxrss, late


if __name__ == "__main__":
    serve()
