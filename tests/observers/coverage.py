"""`coverage`, with each of its cores: the same report."""

import os
import coverage


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
for core in ("ctrace", "pytrace", "sysmon"):
    os.environ["COVERAGE_CORE"] = core
    measured = coverage.Coverage(data_file=None, branch=core != "sysmon", include=[__file__])
    measured.start()
    partly(3)
    work(5)
    catches(2)
    consume(3)
    partly(60)
    measured.stop()
    data = measured.get_data()
    lines = data.lines(__file__) or []
    print(core, sorted(lines), sorted(data.arcs(__file__) or [])[:50])
    partly(3)
