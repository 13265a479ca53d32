"""`sys._current_frames` of a thread that waits."""

import threading


def waits(entered, leave):
    entered.set()
    leave.wait()


def caller(n, entered, leave):
    return waits(entered, leave)


set_event = threading.Event()
set_event.set()
for i in range(100):
    caller(i, set_event, set_event)
entered, leave = threading.Event(), threading.Event()
thread = threading.Thread(target=caller, args=(1, entered, leave))
thread.start()
entered.wait()
import time

time.sleep(0.05)
frame, names = sys._current_frames()[thread.ident], []
while frame is not None:
    names.append((frame.f_code.co_name, frame.f_lineno))
    frame = frame.f_back
print(names)
leave.set()
thread.join()
del frame
