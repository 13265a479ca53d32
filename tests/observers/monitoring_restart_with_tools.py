"""Several tools that disable single places, and `restart_events`, between and inside calls."""

monitoring = sys.monitoring
E = monitoring.events
TOOLS = (1, 3, 4)


def callback(tool, name, keep):
    def called(code, at, *rest):
        if events(code):
            seen.append((tool, name, code.co_name, at))
        return None if keep(len(seen)) else monitoring.DISABLE

    return called


def restarting(n):
    total = 0
    for i in range(n):
        total += helper(i)
        if i == n // 2:
            monitoring.restart_events()
    return total


for i in range(60):
    restarting(30)
seen = []
for tool in TOOLS:
    monitoring.use_tool_id(tool, f"tool {tool}")
for kinds in (
    ("LINE",),
    ("INSTRUCTION",),
    ("BRANCH", "JUMP"),
    ("PY_START", "PY_RETURN", "CALL"),
    ("PY_RESUME", "PY_YIELD", "STOP_ITERATION"),
):
    for tool in TOOLS:
        for name in kinds:
            keep = {1: lambda count: True, 3: lambda count: False, 4: lambda count: count % 3 == 0}[tool]
            monitoring.register_callback(tool, getattr(E, name), callback(tool, name, keep))
        monitoring.set_events(tool, sum(getattr(E, name) for name in kinds))
    for function, argument in ((work, 3), (consume, 3), (restarting, 6), (catches, 1)):
        print(kinds, function.__name__, function(argument), seen)
        seen.clear()
    monitoring.restart_events()
    print(work(4), seen)
    seen.clear()
    for tool in TOOLS:
        monitoring.set_events(tool, 0)
        monitoring.set_local_events(tool, helper.__code__, E.LINE if tool != 3 else 0)
        monitoring.register_callback(tool, E.LINE, callback(tool, "local", lambda count: True))
    print(work(3), restarting(4), seen)
    seen.clear()
    for tool in TOOLS:
        monitoring.set_local_events(tool, helper.__code__, 0)
        for name in (*kinds, "LINE"):
            monitoring.register_callback(tool, getattr(E, name), None)
    print(work(300), seen)
for tool in TOOLS:
    monitoring.free_tool_id(tool)
print(work(300))
