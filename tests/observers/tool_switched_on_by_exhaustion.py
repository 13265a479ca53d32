"""A tool that an iterator switches on as it says that nothing is left sees what comes after the loop, from its first line on."""

seen = []


def trace(frame, event, arg):
    if frame.f_code.co_name in NAMES:
        seen.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace


def settrace():
    sys._getframe(2).f_trace = trace
    sys.settrace(trace)


def monitor():
    def note(code, line):
        if code.co_name in NAMES:
            seen.append((code.co_name, line - code.co_firstlineno))

    sys.monitoring.use_tool_id(2, "tool")
    sys.monitoring.register_callback(2, sys.monitoring.events.LINE, note)
    sys.monitoring.set_events(2, sys.monitoring.events.LINE)


class Items:
    def __init__(self, count, on=None):
        self.count, self.on = count, on

    def __iter__(self):
        return self

    def __next__(self):
        self.count -= 1
        if self.count < 0:
            if self.on:
                self.on()
            raise StopIteration
        return self.count


def total(items):
    result = 0
    for item in items:
        result += item
    result += 1
    return result


def rows(items):
    result = 0
    for n in range(3):
        for item in items:
            result += item
        result += n
    return result


def with_else(items):
    for item in items:
        if item < 0:
            break
    else:
        return "all"
    return "some"


NAMES = {"total", "rows", "with_else"}

for function in (total, rows, with_else):
    for on in (settrace, monitor):
        for _ in range(120):
            function(Items(40))
        result = function(Items(40, on))
        sys.settrace(None)
        if on is monitor:
            sys.monitoring.set_events(2, 0)
            sys.monitoring.free_tool_id(2)
        print(function.__name__, on.__name__, result, seen)
        seen.clear()
