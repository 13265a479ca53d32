"""Tools of `sys.monitoring` that are switched on by a callee."""

monitoring = sys.monitoring
kinds = (
    monitoring.events.LINE
    | monitoring.events.PY_RETURN
    | monitoring.events.PY_UNWIND
    | monitoring.events.EXCEPTION_HANDLED
)


def record(name):
    def callback(code, at, *rest):
        if events(code) and code.co_name not in ("on", "off", "callback"):
            # For an exception out of a callee CPython tells another place of the call if it called the function by its entry.
            seen.append((name, code.co_name, 0 if name == "PY_UNWIND" else at))

    return callback


def on():
    monitoring.use_tool_id(3, "tool")
    for name in ("LINE", "PY_RETURN", "PY_UNWIND", "EXCEPTION_HANDLED"):
        monitoring.register_callback(3, getattr(monitoring.events, name), record(name))
    monitoring.set_events(3, kinds)


def off():
    monitoring.set_events(3, 0)
    monitoring.free_tool_id(3)


def raises():
    on()
    raise ValueError


def through():
    raises()


def handles():
    try:
        through()
    except ValueError:
        pass
    off()


def loops():
    for i in range(20):
        if i == 17:
            on()
        helper(i)
    off()


def local():
    monitoring.use_tool_id(4, "tool")
    monitoring.register_callback(4, monitoring.events.LINE, record("local"))
    monitoring.set_local_events(4, local.__code__, monitoring.events.LINE)
    helper(1)
    helper(2)
    monitoring.set_local_events(4, local.__code__, 0)
    monitoring.free_tool_id(4)


for function in (handles, loops, local):
    for i in range(100):
        seen = []
        function()
        if i in (0, 1, 50, 98, 99):
            print(function.__name__, seen)
