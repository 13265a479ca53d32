"""`trace`."""

import trace

tracer = trace.Trace(count=1, trace=0, countfuncs=0)
tracer.runfunc(work, 5)
tracer.runfunc(consume, 3)
print(sorted((line, count) for (name, line), count in tracer.results().counts.items() if name == __file__))
tracer = trace.Trace(count=0, trace=0, countcallers=1)
tracer.runfunc(catches, 3)
print(sorted((a[2], b[2]) for a, b in tracer.results().callers))
