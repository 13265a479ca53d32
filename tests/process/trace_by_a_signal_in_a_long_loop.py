"""A signal's handler has a function traced in a loop so long that the jump back has a prefix: the interpreter goes on with the whole instruction."""

import signal
import sys

body = "\n".join(f"        x += {n + 1000}.5" for n in range(300))
source = f"""
def long(n):
    x = 0.0
    i = 0
    while i < n:
        i += 1
{body}
    return x
"""
namespace = {}
exec(source, namespace)
long = namespace["long"]
seen = 0


def tracer(frame, event, argument):
    global seen
    seen += 1
    sys.settrace(None)
    frame.f_trace = None


def handler(number, frame):
    sys.settrace(tracer)
    frame.f_trace = tracer


expected = sum(n + 1000.5 for n in range(300)) * 4000
long(4000)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
wrong = []
for _ in range(400):
    found = long(4000)
    if found != expected:
        wrong.append(found)
    if seen > 8:
        break
signal.setitimer(signal.ITIMER_REAL, 0)
print(wrong, seen > 8)
