"""Events of sys.monitoring set on single code objects that are hot already."""

import sys


def work(n):
    total = 0
    for i in range(n):
        total += helper(i)
    return total


def helper(x):
    if x % 2:
        return x
    return -x


def monitored(n):
    events = []
    monitoring = sys.monitoring
    monitoring.use_tool_id(2, "test")
    kinds = monitoring.events.PY_START | monitoring.events.PY_RETURN | monitoring.events.LINE
    monitoring.register_callback(2, monitoring.events.PY_START, lambda code, at: events.append(("start", code.co_name)))
    monitoring.register_callback(
        2, monitoring.events.PY_RETURN, lambda code, at, value: events.append(("return", code.co_name, value))
    )
    monitoring.register_callback(2, monitoring.events.LINE, lambda code, line: events.append(("line", line)))
    for function in (work, helper):
        monitoring.set_local_events(2, function.__code__, kinds)
    result = work(n)
    for function in (work, helper):
        monitoring.set_local_events(2, function.__code__, 0)
    monitoring.free_tool_id(2)
    return result, events


for i in range(3):
    print(work(2000), monitored(6), work(2000))
