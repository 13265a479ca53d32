"""Jumps of a debugger: out of loops and blocks, back, over calls, in generators; and those that are not allowed."""


def jump(function, at, to, *args):
    """Runs the function; at the first event for line `at` (from its first line) goes on at line `to`."""
    first, done = function.__code__.co_firstlineno, []

    def tracer(frame, event, arg):
        if frame.f_code is function.__code__:
            if event == "line" and frame.f_lineno == first + at and not done:
                done.append(1)
                try:
                    frame.f_lineno = first + to
                except ValueError as error:
                    log.append(str(error))
            return tracer

    log.clear()
    sys.settrace(tracer)
    try:
        result = function(*args)
        if not isinstance(result, (list, int, str, type(None))):
            result = list(result)
    except Exception as error:
        result = type(error).__name__, str(error)
    finally:
        sys.settrace(None)
    return result, log[:]


def loop(n):
    log.append("start")
    for i in range(n):
        log.append(i)
        if i == 1:
            log.append("one")
    log.append("end")
    return log.append("return")


def blocks(n):
    try:
        log.append("try")
        with open("/dev/null"):
            log.append("with")
        log.append("after with")
    except ValueError:
        log.append("except")
    finally:
        log.append("finally")
    return n


def handler(n):
    try:
        raise KeyError(n)
    except KeyError:
        log.append("handled")
        log.append("more")
    log.append("done")
    return n


def generating(n):
    log.append("generator")
    for i in range(n):
        yield i
        log.append("resumed")
    log.append("ends")


def assigns(n):
    a = 1
    b = 2
    c = a + b
    return c


log = []
CASES = [
    (loop, 3, 6, 5), (loop, 6, 1, 3), (loop, 1, 4, 3), (loop, 5, 3, 3), (loop, 6, 3, 2), (loop, 7, 1, 2),
    (blocks, 2, 5, 0), (blocks, 2, 4, 0), (blocks, 4, 2, 0), (blocks, 4, 7, 0), (blocks, 5, 9, 0), (blocks, 9, 2, 0), (blocks, 10, 1, 0),
    (handler, 4, 6, 0), (handler, 5, 2, 0), (handler, 2, 5, 0), (handler, 2, 6, 0), (handler, 6, 5, 0),
    (generating, 3, 5, 3), (generating, 4, 1, 3), (generating, 5, 3, 2), (generating, 1, 5, 2),
    (assigns, 1, 3, 0), (assigns, 3, 1, 0), (assigns, 2, 4, 0), (assigns, 2, 100, 0), (assigns, 2, -1, 0),
]  # fmt: skip
for repeat in range(2):
    for function, at, to, argument in CASES:
        for i in range(60):
            list(function(argument) or ()) if function is generating else function(argument)
            log.clear()
        print(function.__name__, at, to, jump(function, at, to, argument))
log.clear()
sys.settrace(lambda *args: None)
try:
    sys._getframe().f_lineno = 1
except ValueError as error:
    print(error)
sys.settrace(None)
