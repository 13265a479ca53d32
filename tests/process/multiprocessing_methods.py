"""`multiprocessing` by fork, forkserver and spawn; `concurrent.futures` with threads and processes."""

import concurrent.futures
import multiprocessing
import os
import sys


def work(n):
    total = 0
    for i in range(n * 50):
        total += i % (n + 1)
    return total


def fails(n):
    if n == 3:
        raise ValueError("three")
    return work(n)


def talk(pipe, counter, n):
    for i in range(n):
        pipe.send((i, work(i)))
        with counter.get_lock():
            counter.value += 1
    pipe.close()


def compiled(_):
    """Whether the child runs with the same compiler."""
    if "whipsnake" not in sys.modules:
        return os.environ.get("WHIPSNAKE") == "0"
    return sys.modules["whipsnake"].is_enabled() == (os.environ["WHIPSNAKE"] == "1")


def with_method(method):
    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        print(
            method,
            pool.map(work, range(20)),
            sum(pool.imap_unordered(work, range(30))),
            all(pool.map(compiled, range(4))),
        )
        try:
            pool.map(fails, range(5))
        except ValueError as error:
            print("raised", error)
    here, there = context.Pipe()
    counter = context.Value("i", 0)
    process = context.Process(target=talk, args=(there, counter, 5))
    process.start()
    there.close()
    got = []
    while True:
        try:
            got.append(here.recv())
        except EOFError:
            break
    process.join()
    print(got, counter.value, process.exitcode)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        futures = [pool.submit(fails, n) for n in range(6)]
        print([str(future.exception()) if future.exception() else future.result() for future in futures])


def with_threads():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print(list(pool.map(work, range(40))))
        futures = {pool.submit(fails, n): n for n in range(6)}
        done = {futures[future]: future for future in concurrent.futures.as_completed(futures)}
        print([str(done[n].exception()) if done[n].exception() else done[n].result() for n in sorted(done)])


if __name__ == "__main__":
    for n in range(60):
        work(10)
    with_threads()
    for method in ("fork", "forkserver", "spawn"):
        with_method(method)
