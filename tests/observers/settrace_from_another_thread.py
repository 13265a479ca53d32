"""`threading.settrace_all_threads` while another thread runs a compiled loop."""

import threading, time


def spins(go, stop):
    count = 0
    go.set()
    while not stop:
        count += 1
    return count


def tracer(frame, event, arg):
    if frame.f_code is spins.__code__ and len(seen) < 4:
        seen.append((event, frame.f_lineno))
    return tracer


for repeat in range(2):
    seen, go, stop = [], threading.Event(), []
    thread = threading.Thread(target=spins, args=(go, stop))
    thread.start()
    go.wait()
    time.sleep(0.05)
    frame = sys._current_frames()[thread.ident]
    while frame.f_code is not spins.__code__:
        frame = frame.f_back
    frame.f_trace = tracer
    threading.settrace_all_threads(tracer)
    time.sleep(0.05)
    threading.settrace_all_threads(None)
    threading.settrace(None)
    stop.append(1)
    thread.join(20)
    print(len(seen), {event for event, line in seen}, thread.is_alive())
    del frame
