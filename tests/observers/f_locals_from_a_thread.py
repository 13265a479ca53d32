"""`frame.f_locals` of a running loop, read and written by another thread."""

import threading, time


def spins(go, stop):
    limit, count = 10**12, 0
    go.set()
    while count < limit:
        count += 1
    stop.append(limit)


for repeat in range(3):
    go, stop = threading.Event(), []
    thread = threading.Thread(target=spins, args=(go, stop))
    thread.start()
    go.wait()
    time.sleep(0.03)
    frame = sys._current_frames()[thread.ident]
    while frame.f_code is not spins.__code__:
        frame = frame.f_back
    print(
        frame.f_code.co_name,
        frame.f_locals["count"] > 0,
        frame.f_locals["limit"],
        frame.f_lineno - spins.__code__.co_firstlineno in (3, 4),
    )
    frame.f_locals["limit"] = 5
    thread.join(20)
    print(stop)
