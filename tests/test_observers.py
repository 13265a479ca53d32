"""What looks inside a running program sees the same in every mode: debuggers, profilers, coverage, the collector, other threads.

Each program warms up a function until it runs compiled (in the modes that compile), observes it, and prints what it saw.
"""

import pytest
from conftest import RunModes

PRELUDE = """
import sys

def helper(x):
    if x % 2:
        return x
    return -x

def work(n):
    total = 0
    for i in range(n):
        total += helper(i)
    return total

def values(n):
    for i in range(n):
        yield i
    return n

def consume(n):
    total = 0
    for value in values(n):
        total += value
    return total

class Point:
    def __init__(self, x):
        self.x = x

    def moved(self, by):
        return Point(self.x + by)

def fails(n):
    if n == 0:
        raise ValueError("zero")
    return fails(n - 1)

def catches(n):
    try:
        return fails(n)
    except ValueError as error:
        return str(error)

def warm():
    for i in range(120):
        work(20); consume(20); Point(i).moved(1); catches(3)

def events(code):
    return code.co_filename == __file__ and code.co_name not in ("<module>", "warm", "events")

warm()
"""

PROGRAMS = {
    "getframe": """
        def depth():
            frame, names = sys._getframe(), []
            while frame is not None:
                names.append((frame.f_code.co_name, frame.f_lineno, frame.f_lasti, sorted(frame.f_locals)[:8]))
                frame = frame.f_back
            return names

        def outer(n):
            a, b = n, "b"
            return inner(a) + [b]

        def inner(n):
            return depth()

        for i in range(150):
            seen = outer(i)
        print(seen)
    """,
    "inspect": """
        import inspect

        def shown():
            return [(f.function, f.lineno, f.code_context, f.index, f.positions) for f in inspect.stack()]

        def outer(n):
            x = n; return (shown(),
                inspect.getframeinfo(inspect.currentframe()), inspect.getargvalues(inspect.currentframe()).locals)

        for i in range(120):
            seen = outer(i)
        print(seen)

        def generator():
            received = yield 1
            while received:
                received = yield received

        for i in range(120):
            g = generator()
            states = [inspect.getgeneratorstate(g), next(g), inspect.getgeneratorlocals(g), g.send(5), g.gi_lineno if hasattr(g, "gi_lineno") else 0]
            states += [g.gi_frame.f_lineno, g.gi_frame.f_lasti, inspect.getgeneratorlocals(g)]
            g.close()
            states.append(inspect.getgeneratorstate(g))
        print(states)
    """,
    "traceback": """
        import traceback

        def chained(n):
            try:
                fails(n)
            except ValueError as error:
                error.add_note("a note")
                try:
                    {}["key"]
                except KeyError as other:
                    raise RuntimeError("both") from error

        def group(n):
            errors = []
            for i in range(n):
                try:
                    fails(i)
                except ValueError as error:
                    errors.append(error)
            raise ExceptionGroup("several", errors)

        def columns(a, b, c):
            return (a + b) + (b / c) + (
                a.missing
                if b else c[a])

        def lasti(error):
            entries, tb = [], error.__traceback__
            while tb is not None:
                entries.append((tb.tb_frame.f_code.co_name, tb.tb_lineno, tb.tb_lasti))
                tb = tb.tb_next
            return entries

        for i in range(120):
            for call in (lambda: chained(2), lambda: group(3), lambda: columns(1, 2, 0), lambda: columns(1, 0, 2), lambda: columns(1, 2, 3)):
                try:
                    call()
                except BaseException as error:
                    text, where = traceback.format_exc(), lasti(error)
                    if i in (0, 119):
                        print(text, where)
        group(2)
    """,
    "f_locals": """
        def write():
            frame = sys._getframe(1)
            frame.f_locals["b"] = frame.f_locals["b"] + 10
            frame.f_locals["new"] = 1
            return dict(frame.f_locals)

        def written(n):
            a, b, c = n, 1, None
            for i in range(3):
                seen = write()
                b += 1
            return a, b, seen, locals()

        for i in range(150):
            result = written(i)
        print(result)

        def cells(n):
            held = n
            def inner():
                return held
            sys._getframe().f_locals["held"] = 7
            return inner(), held, locals()["held"]

        for i in range(150):
            result = cells(i)
        print(result)

        class Body:
            x = 1
            for i in range(600):
                locals()["y"] = i
            z = y + x, sorted(k for k in locals() if len(k) == 1)
        print(Body.z, [locals().get("q", 1) for q in range(3)])
    """,
    "f_locals_from_a_thread": """
        import threading, time

        def spins(go, stop):
            limit, count = 10**12, 0
            go.set()
            while count < limit:
                count += 1
            stop.append(limit)

        for repeat in range(3):
            go, stop = threading.Event(), []
            thread = threading.Thread(target=spins, args=(go, stop))
            thread.start()
            go.wait()
            time.sleep(0.03)
            frame = sys._current_frames()[thread.ident]
            while frame.f_code is not spins.__code__:
                frame = frame.f_back
            print(frame.f_code.co_name, frame.f_locals["count"] > 0, frame.f_locals["limit"], frame.f_lineno in (58, 59))
            frame.f_locals["limit"] = 5
            thread.join(20)
            print(stop)
    """,
    "f_lineno_jump": """
        def jumps(n):
            log = []
            log.append(1)
            log.append(2)
            log.append(3)
            log.append(4)
            return log

        for i in range(120):
            jumps(i)
        first = jumps.__code__.co_firstlineno

        def tracer(frame, event, arg):
            if frame.f_code is jumps.__code__:
                if event == "line" and frame.f_lineno == first + 3:
                    frame.f_lineno = first + 5
                return tracer

        sys.settrace(tracer)
        print(jumps(1))
        sys.settrace(None)
        print(jumps(1))
    """,
    "settrace_before": """
        def tracer(frame, event, arg):
            if events(frame.f_code):
                seen.append((frame.f_code.co_name, event, frame.f_lineno, frame.f_lasti, repr(arg)[:40] if "object" not in repr(arg) else 0))
                frame.f_trace_opcodes = opcodes
                return tracer

        for opcodes in (False, True):
            seen = []
            sys.settrace(tracer)
            work(4); consume(3); Point(1).moved(2); catches(1)
            sys.settrace(None)
            print(seen)
        print(work(100))
    """,
    "settrace_from_a_callee": """
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
                if i == n - 2: switch_on(1)
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
            def __enter__(self): switch_on(2)
            def __exit__(self, *rest): switch_off()

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
    """,
    "settrace_from_another_thread": """
        import threading, time

        def spins(go, stop):
            count = 0
            go.set()
            while not stop:
                count += 1
            return count

        def tracer(frame, event, arg):
            if frame.f_code is spins.__code__ and len(seen) < 4:
                seen.append((event, frame.f_lineno))
            return tracer

        for repeat in range(2):
            seen, go, stop = [], threading.Event(), []
            thread = threading.Thread(target=spins, args=(go, stop))
            thread.start()
            go.wait()
            time.sleep(0.05)
            frame = sys._current_frames()[thread.ident]
            while frame.f_code is not spins.__code__:
                frame = frame.f_back
            frame.f_trace = tracer
            threading.settrace_all_threads(tracer)
            time.sleep(0.05)
            threading.settrace_all_threads(None)
            threading.settrace(None)
            stop.append(1)
            thread.join(20)
            print(len(seen), {event for event, line in seen}, thread.is_alive())
            del frame
    """,
    "setprofile": """
        def profiler(frame, event, arg):
            if events(frame.f_code):
                seen.append((frame.f_code.co_name, event, frame.f_lineno, getattr(arg, "__name__", 0) if "c_" in event else repr(arg)[:20] if "object" not in repr(arg) else 0))

        def calls_c(n):
            parts = []
            for i in range(n):
                parts.append(len(str(i)))
            return sorted(parts, key=abs)

        for i in range(120):
            calls_c(5)
        for repeat in range(2):
            seen = []
            sys.setprofile(profiler)
            work(4); consume(3); Point(1).moved(2); catches(1); calls_c(2)
            sys.setprofile(None)
            print(seen)
        print(work(100))

        def switched(n):
            sys.setprofile(profiler)
            total = helper(n)
            sys.setprofile(None)
            return total

        for i in range(120):
            seen = []
            switched(i)
        print(seen)
    """,
    "threading_hooks": """
        import threading

        def tracer(frame, event, arg):
            if events(frame.f_code):
                seen.append((frame.f_code.co_name, event, frame.f_lineno))
                return tracer

        for name in ("settrace", "setprofile"):
            seen = []
            getattr(threading, name)(tracer)
            thread = threading.Thread(target=work, args=(4,))
            thread.start()
            thread.join()
            getattr(threading, name)(None)
            print(name, seen)
    """,
    "pdb": """
        import io, pdb

        def debugged(n):
            total = 0
            for i in range(n):
                total += helper(i)
                if i == 2:
                    debugger().set_trace()
            return total

        def debugger():
            return pdb.Pdb(stdin=io.StringIO(commands), stdout=sys.stdout, nosigint=True, readrc=False)

        def gen(n):
            for i in range(n):
                if i == 1:
                    debugger().set_trace()
                yield i

        async def coro(n):
            if n == 1:
                debugger().set_trace()
            m = n + 1
            return m

        commands = "continue\\n" * 3
        for i in range(60):
            debugged(2)
        commands = "next\\nstep\\nargs\\nreturn\\nwhere\\np total\\n!total = 100\\nup\\np i\\ndown\\nuntil\\ncontinue\\n"
        print(debugged(5))
        commands = "next\\np i\\nstep\\nreturn\\ncontinue\\n"
        print(list(gen(4)), list(gen(1)))
        try:
            coro(1).send(None)
        except StopIteration as stop:
            print(stop.value)
        commands = f"break {helper.__code__.co_firstlineno + 1}, x == 3\\ncontinue\\np x\\nwhere\\nclear 1\\ncontinue\\n"
        print(debugged(5))
        try:
            fails(2)
        except ValueError as error:
            commands = "where\\nup\\np n\\nquit\\n"
            p = debugger()
            p.reset()
            p.interaction(None, error.__traceback__)
    """,
    "bdb": """
        import bdb

        class Recorder(bdb.Bdb):
            def user_call(self, frame, args): self.note("call", frame)
            def user_line(self, frame): self.note("line", frame)
            def user_return(self, frame, value): self.note("return", frame)
            def user_exception(self, frame, info): self.note("exception", frame)
            def note(self, event, frame):
                if events(frame.f_code):
                    seen.append((event, frame.f_code.co_name, frame.f_lineno))
                if len(seen) > 12: self.set_continue()
                elif len(seen) > 5: self.set_next(frame)

        for repeat in range(3):
            seen = []
            recorder = Recorder()
            recorder.runcall(work, 5)
            print(seen)
            seen = []
            recorder.set_break(__file__, helper.__code__.co_firstlineno + 3)
            recorder.runcall(consume, 3)
            print(seen, recorder.get_all_breaks() == {__file__: [helper.__code__.co_firstlineno + 3]})
            recorder.clear_all_breaks()
    """,
    "cprofile": """
        import cProfile, pstats

        for repeat in range(3):
            profile = cProfile.Profile()
            profile.enable()
            work(50); consume(10); Point(1).moved(2); catches(3); sorted([3, 1], key=helper)
            profile.disable()
            stats = pstats.Stats(profile).stats
            print(sorted((key[1:], value[:2], sorted(k[2] for k in value[4])) for key, value in stats.items() if "whipsnake" not in str(key)))
            work(100)
        profile = cProfile.Profile()
        print(profile.runcall(work, 30))
        print(sorted((key[2], value[:2]) for key, value in pstats.Stats(profile).stats.items()))
    """,
    "monitoring_events": """
        monitoring = sys.monitoring
        names = [name for name in dir(monitoring.events) if name.isupper() and name != "NO_EVENTS"]
        local = ["PY_START", "PY_RESUME", "PY_RETURN", "PY_YIELD", "CALL", "LINE", "INSTRUCTION", "JUMP", "BRANCH", "STOP_ITERATION"]

        def short(value):
            return value if isinstance(value, int) else getattr(value, "__name__", None) or type(value).__name__

        def record(tool, name):
            def callback(code, *rest):
                if events(code):
                    seen.append((tool, name, code.co_name, *map(short, rest)))
            return callback

        def program():
            work(3); consume(2); Point(1).moved(2); catches(1); max([1, 2], key=helper)

        for i in range(60): program()
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
    """,
    "monitoring_disable": """
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
    """,
    "monitoring_switched_inside": """
        monitoring = sys.monitoring
        kinds = monitoring.events.LINE | monitoring.events.PY_RETURN | monitoring.events.PY_UNWIND | monitoring.events.EXCEPTION_HANDLED

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
                if i == 17: on()
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
    """,
    "faulthandler": """
        import faulthandler, os, re, tempfile

        def dump(n):
            with tempfile.TemporaryFile("w+") as file:
                faulthandler.dump_traceback(file, all_threads=False)
                file.seek(0)
                return re.sub("0x[0-9a-f]+", "", file.read())

        def outer(n):
            return dump(n)

        for i in range(100):
            text = outer(i)
        print(text)
    """,
    "tracemalloc": """
        import tracemalloc

        def allocates(n):
            kept = []
            for i in range(n):
                kept.append(bytearray(2000))
            return kept

        def outer(n):
            return allocates(n), [bytearray(3000) for i in range(n)]

        for i in range(100):
            outer(3)
        tracemalloc.start(5)
        kept = outer(10)
        snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, __file__)])
        tracemalloc.stop()
        big = [(str(s.traceback), s.count) for s in snapshot.statistics("traceback") if s.size > 10000]
        print(big)
    """,
    "warnings": """
        import warnings

        def warns(level):
            warnings.warn("careful", stacklevel=level)

        def middle(level):
            warns(level)

        def outer(level):
            middle(level)

        for level in (1, 2, 3, 4):
            for i in range(100):
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    outer(level)
            print([(w.lineno, str(w.message), w.filename == __file__) for w in caught])
    """,
    "current_frames": """
        import threading

        def waits(entered, leave):
            entered.set()
            leave.wait()

        def caller(n, entered, leave):
            return waits(entered, leave)

        set_event = threading.Event()
        set_event.set()
        for i in range(100):
            caller(i, set_event, set_event)
        entered, leave = threading.Event(), threading.Event()
        thread = threading.Thread(target=caller, args=(1, entered, leave))
        thread.start()
        entered.wait()
        import time
        time.sleep(0.05)
        frame, names = sys._current_frames()[thread.ident], []
        while frame is not None:
            names.append((frame.f_code.co_name, frame.f_lineno))
            frame = frame.f_back
        print(names)
        leave.set()
        thread.join()
        del frame
    """,
    "collector": """
        import gc, weakref

        class Node:
            pass

        def referrers(n):
            node = Node()
            held = [node]
            found = [type(r).__name__ for r in gc.get_referrers(node) if r is held]
            return found, sys.getrefcount(node), sys.getrefcount(held)

        def takes(node, other=None):
            return sys.getrefcount(node)

        def passes(n):
            node = Node()
            return takes(node), takes(node, other=1), [takes(node) for _ in range(2)]

        def cycles(n):
            node = Node()
            node.frame = sys._getframe()
            node.self = node
            return weakref.ref(node)

        def generator_cycle():
            node = Node()
            node.generator = values_of(node)
            next(node.generator)
            return weakref.ref(node)

        def values_of(node):
            while True:
                yield node

        for i in range(150):
            seen = referrers(i), passes(i)
            one, two = cycles(i), generator_cycle()
            if i in (0, 149):
                gc.collect()
                print(seen, one(), two())
        gc.collect()
        print([o for o in gc.get_objects() if isinstance(o, Node)])
        gc.freeze()
        print(referrers(1))
        gc.unfreeze()
        print(gc.collect() >= 0, gc.garbage)
    """,
    "finalizers": """
        import weakref

        log = []

        class Noisy:
            def __init__(self, name):
                self.name = name

            def __del__(self):
                log.append((self.name, sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno))

        def replaced(n):
            a = Noisy("a")
            a = Noisy("b")
            del a
            log.append("deleted")
            c = [Noisy(i) for i in range(2)]
            c[0] = None
            log.append("item")
            d = {1: Noisy("dict")}
            d.clear()
            e, f = Noisy("e"), Noisy("f")
            e = f = None
            log.append("end")
            return Noisy("returned").name

        def watched(n):
            node = Noisy("watched")
            ref = weakref.ref(node, lambda r: log.append(("callback", r())))
            weakref.finalize(node, log.append, "finalize")
            node = None
            log.append("after")
            return ref()

        def loop(n):
            for item in (Noisy(i) for i in range(n)):
                log.append("body")
            log.append("loop")

        for i in range(150):
            log.clear()
            replaced(i); watched(i); loop(2)
        print(log)
    """,
    "atexit": """
        import atexit

        def at_end(n):
            print(work(n), sys._getframe().f_back is None or sys._getframe().f_back.f_code.co_name)

        for i in range(3):
            atexit.register(at_end, i + 10)

        class Late:
            def __del__(self):
                print("late", helper(3))

        kept = Late()
    """,
    "trace_module": """
        import trace

        tracer = trace.Trace(count=1, trace=0, countfuncs=0)
        tracer.runfunc(work, 5)
        tracer.runfunc(consume, 3)
        print(sorted((line, count) for (name, line), count in tracer.results().counts.items() if name == __file__))
        tracer = trace.Trace(count=0, trace=0, countcallers=1)
        tracer.runfunc(catches, 3)
        print(sorted((a[2], b[2]) for a, b in tracer.results().callers))
    """,
    "coverage": """
        import os, tempfile
        coverage = __import__("importlib").import_module("coverage") if __import__("importlib.util").util.find_spec("coverage") else None

        def partly(n):
            if n > 100:
                return 1
            for i in range(n):
                if i == 50:
                    break
            else:
                return 2
            return 3

        for i in range(100):
            partly(3)
        if coverage is not None:
            for core in ("ctrace", "pytrace", "sysmon"):
                os.environ["COVERAGE_CORE"] = core
                measured = coverage.Coverage(data_file=None, branch=core != "sysmon", include=[__file__])
                measured.start()
                partly(3); work(5); catches(2); consume(3); partly(60)
                measured.stop()
                data = measured.get_data()
                lines = data.lines(__file__) or []
                print(core, sorted(lines), sorted(data.arcs(__file__) or [])[:50])
                partly(3)
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_observer(run_modes: RunModes, name: str) -> None:
    import textwrap

    outcomes = run_modes(PRELUDE + textwrap.dedent(PROGRAMS[name]))
    assert outcomes["off"].out or name == "coverage"
