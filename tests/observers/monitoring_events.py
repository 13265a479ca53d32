"""Every event of `sys.monitoring`, with one tool, with two, and for single code objects."""

monitoring = sys.monitoring
names = [name for name in dir(monitoring.events) if name.isupper() and name != "NO_EVENTS"]
local = [
    "PY_START",
    "PY_RESUME",
    "PY_RETURN",
    "PY_YIELD",
    "CALL",
    "LINE",
    "INSTRUCTION",
    "JUMP",
    "BRANCH",
    "STOP_ITERATION",
]


def short(value):
    return value if isinstance(value, int) else getattr(value, "__name__", None) or type(value).__name__


def record(tool, name):
    def callback(code, *rest):
        if events(code):
            seen.append((tool, name, code.co_name, *map(short, rest)))

    return callback


def program():
    work(3)
    consume(2)
    Point(1).moved(2)
    catches(1)
    max([1, 2], key=helper)


for i in range(60):
    program()
for name in names:
    if name in ("C_RETURN", "C_RAISE"):
        continue
    for tools in ((2,), (0, 3)):
        seen = []
        for tool in tools:
            monitoring.use_tool_id(tool, f"tool{tool}")
            kind = getattr(monitoring.events, name)
            monitoring.register_callback(tool, kind, record(tool, name))
            if name == "CALL":
                for other in ("C_RETURN", "C_RAISE"):
                    monitoring.register_callback(tool, getattr(monitoring.events, other), record(tool, other))
            monitoring.set_events(tool, kind)
        program()
        for tool in tools:
            monitoring.set_events(tool, 0)
            monitoring.free_tool_id(tool)
        print(name, tools, seen)
for name in local:
    seen = []
    monitoring.use_tool_id(1, "tool")
    kind = getattr(monitoring.events, name)
    monitoring.register_callback(1, kind, record(1, name))
    for function in (work, values):
        monitoring.set_local_events(1, function.__code__, kind)
    program()
    for function in (work, values):
        print(monitoring.get_local_events(1, function.__code__) == kind)
        monitoring.set_local_events(1, function.__code__, 0)
    monitoring.free_tool_id(1)
    print("local", name, seen)
print(monitoring._all_events(), [monitoring.get_tool(i) for i in range(5)])
