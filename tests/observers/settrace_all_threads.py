"""`threading.settrace_all_threads` and `setprofile_all_threads` while other threads are in compiled loops."""

import threading
import time


def spins(go, stop):
    go.set()
    count = 0
    while not stop:
        count = step(count)
    return count


def step(count):
    return count + 1


def recorder(seen):
    def record(frame, event, arg):
        if frame.f_code in (spins.__code__, step.__code__):
            seen.add((frame.f_code.co_name, event))
            return record

    return record


for i in range(100):
    spins(threading.Event(), [1]), step(i)
for switch, off in (
    (threading.settrace_all_threads, None),
    (threading.setprofile_all_threads, None),
    (threading.settrace_all_threads, None),
):
    threads, stop = [], []
    for n in range(3):
        go = threading.Event()
        threads.append(threading.Thread(target=spins, args=(go, stop)))
        threads[-1].start()
        go.wait()
    time.sleep(0.02)
    seen = set()
    switch(recorder(seen))
    deadline = time.monotonic() + 10
    while len(seen) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    switch(None)
    count = len(seen)
    stop.append(1)
    for thread in threads:
        thread.join()
    threading.settrace(None), threading.setprofile(None)
    # A frame that runs already has no trace function of its own; its callees have.
    print(switch.__name__, sorted(seen), step(3))
