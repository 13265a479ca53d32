"""`sys.settrace` before the calls: line, opcode and exception events."""


def tracer(frame, event, arg):
    if events(frame.f_code):
        seen.append(
            (
                frame.f_code.co_name,
                event,
                frame.f_lineno,
                frame.f_lasti,
                repr(arg)[:40] if "object" not in repr(arg) else 0,
            )
        )
        frame.f_trace_opcodes = opcodes
        return tracer


for opcodes in (False, True):
    seen = []
    sys.settrace(tracer)
    work(4)
    consume(3)
    Point(1).moved(2)
    catches(1)
    sys.settrace(None)
    print(seen)
print(work(100))
