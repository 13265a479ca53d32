"""Opcode events of `sys.settrace`: set before, by a callee, and for one frame only."""


def tracer(opcodes):
    def trace(frame, event, arg):
        if events(frame.f_code) and frame.f_code.co_name not in ("switch", "tracer"):
            frame.f_trace_opcodes = opcodes
            seen.append((frame.f_code.co_name, event, frame.f_lasti if event == "opcode" else frame.f_lineno))
            return trace

    return trace


def switch(opcodes):
    frame = sys._getframe(1)
    frame.f_trace_opcodes = opcodes
    frame.f_trace = tracer(opcodes)
    sys.settrace(tracer(opcodes))


def switched_inside(n, opcodes):
    total = 0
    for i in range(n):
        if i == n - 2:
            switch(opcodes)
        total = total + helper(i)
        x = [total, -i, {i: total}]
    sys.settrace(None)
    return total, len(x)


def generating(n):
    for i in range(n):
        try:
            yield i // (n - 1 - i)
        except ValueError as error:
            yield error


def consuming(n):
    out = []
    try:
        for value in generating(n):
            out.append(value)
    except ZeroDivisionError:
        out.append("zero")
    return out


seen = []
for i in range(120):
    consuming(4)
for opcodes in (True, False):
    for function, argument in ((work, 3), (consume, 2), (catches, 2), (consuming, 3)):
        sys.settrace(tracer(opcodes))
        result = function(argument)
        sys.settrace(None)
        print(function.__name__, result, seen)
        seen.clear()
        function(argument)
    for repeat in range(3):
        print(switched_inside(60, opcodes), seen)
        seen.clear()
        switched_inside(2, False)
        seen.clear()
