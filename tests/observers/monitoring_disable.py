"""`sys.monitoring.DISABLE` and `restart_events`."""

monitoring = sys.monitoring
monitoring.use_tool_id(2, "tool")
seen = []


def once(code, line):
    if events(code):
        seen.append((code.co_name, line))
    return monitoring.DISABLE


monitoring.register_callback(2, monitoring.events.LINE, once)
monitoring.set_events(2, monitoring.events.LINE)
for i in range(3):
    work(3)
    print(seen)
    if i == 1:
        monitoring.restart_events()
monitoring.set_events(2, 0)
print(work(100))
seen.clear()
monitoring.restart_events()
monitoring.set_events(2, monitoring.events.LINE)
work(3)
print(seen)
monitoring.free_tool_id(2)
