"""`sys.settrace` by something that a compiled function calls."""


def tracer(frame, event, arg):
    if events(frame.f_code) and frame.f_code.co_name not in ("switch_on", "switch_off"):
        seen.append((frame.f_code.co_name, event, frame.f_lineno))
        return tracer


def switch_on(levels):
    for level in range(1, levels + 1):
        sys._getframe(level).f_trace = tracer
    sys.settrace(tracer)


def switch_off():
    sys.settrace(None)


def in_a_loop(n):
    total = 0
    for i in range(n):
        if i == n - 2:
            switch_on(1)
        total += helper(i)
    switch_off()
    return total


def deeper(n):
    switch_on(3)
    return n


def between(n):
    x = deeper(n)
    return x + 1


def above(n):
    y = between(n)
    y += 1
    switch_off()
    return y


class Context:
    def __enter__(self):
        switch_on(2)

    def __exit__(self, *rest):
        switch_off()

    @property
    def prop(self):
        switch_on(2)

    def __iter__(self):
        switch_on(2)
        yield 1
        yield 2


def by_with(n):
    with Context():
        n += 1
        n += 2
    return n


def by_property(n):
    x = Context().prop
    n += 1
    switch_off()
    return n


def by_generator(n):
    for x in Context():
        n += x
        n += 1
    switch_off()
    return n


def raises(n):
    switch_on(3)
    raise ValueError(n)


def unwinds(n):
    x = n
    raises(n)


def by_exception(n):
    try:
        unwinds(n)
    except ValueError:
        n += 1
    switch_off()
    return n


for function in (in_a_loop, above, by_with, by_property, by_generator, by_exception):
    for i in range(120):
        seen = []
        result = function(5)
        if i in (0, 1, 60, 118, 119):
            print(function.__name__, result, seen)
