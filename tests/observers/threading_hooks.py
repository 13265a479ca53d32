"""`threading.settrace` and `threading.setprofile`."""

import threading


def tracer(frame, event, arg):
    if events(frame.f_code):
        seen.append((frame.f_code.co_name, event, frame.f_lineno))
        return tracer


for name in ("settrace", "setprofile"):
    seen = []
    getattr(threading, name)(tracer)
    thread = threading.Thread(target=work, args=(4,))
    thread.start()
    thread.join()
    getattr(threading, name)(None)
    print(name, seen)
