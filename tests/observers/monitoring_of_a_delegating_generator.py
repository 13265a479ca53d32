"""Events for the code of a generator that is in the middle of `yield from` or `await`, set while compiled code consumes it."""

monitoring = sys.monitoring
TOOL = 3
KINDS = ("PY_RESUME", "PY_YIELD", "PY_RETURN", "LINE")


def inner(n):
    for i in range(n):
        yield i


def outer(n):
    yield from inner(n)
    return n


class Values:
    """Awaitable: yields each value."""

    def __init__(self, n):
        self.n = n

    def __await__(self):
        return inner(self.n)


async def waits(n):
    await Values(n)
    return n


async def waits_for_waiting(n):
    return await waits(n)


def record(name):
    def callback(code, at, *rest):
        seen.append((name, code.co_name))

    return callback


def on(code):
    monitoring.use_tool_id(TOOL, "tool")
    for name in KINDS:
        monitoring.register_callback(TOOL, getattr(monitoring.events, name), record(name))
    monitoring.set_local_events(TOOL, code, sum(getattr(monitoring.events, name) for name in KINDS))


def off(code):
    monitoring.set_local_events(TOOL, code, 0)
    monitoring.free_tool_id(TOOL)


def consume_generator(when):
    total = 0
    for value in outer(8):
        if value == when:
            on(outer.__code__)
        total += value
    return total


def consume_coroutine(when):
    coroutine = waits_for_waiting(8)
    total = 0
    try:
        while True:
            value = coroutine.send(None)
            if value == when:
                on(waits.__code__)
            total += value
    except StopIteration as stop:
        return total, stop.value


for consumer, code in ((consume_generator, outer.__code__), (consume_coroutine, waits.__code__)):
    for i in range(150):
        seen = []
        result = consumer(5 if i in (0, 1, 70, 147, 149) else 100)
        if seen:
            off(code)
            print(consumer.__name__, i, result, seen)
