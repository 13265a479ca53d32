"""`sys.setprofile`, before and inside calls."""


def profiler(frame, event, arg):
    if events(frame.f_code):
        seen.append(
            (
                frame.f_code.co_name,
                event,
                frame.f_lineno,
                getattr(arg, "__name__", 0) if "c_" in event else repr(arg)[:20] if "object" not in repr(arg) else 0,
            )
        )


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
    work(4)
    consume(3)
    Point(1).moved(2)
    catches(1)
    calls_c(2)
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
