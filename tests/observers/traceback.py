"""Tracebacks: lines, columns, chains, notes, groups, `tb_lasti`."""

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
    return (a + b) + (b / c) + (a.missing if b else c[a])


def lasti(error):
    entries, tb = [], error.__traceback__
    while tb is not None:
        entries.append((tb.tb_frame.f_code.co_name, tb.tb_lineno, tb.tb_lasti))
        tb = tb.tb_next
    return entries


for i in range(120):
    for call in (
        lambda: chained(2),
        lambda: group(3),
        lambda: columns(1, 2, 0),
        lambda: columns(1, 0, 2),
        lambda: columns(1, 2, 3),
    ):
        try:
            call()
        except BaseException as error:
            text, where = traceback.format_exc(), lasti(error)
            if i in (0, 119):
                print(text, where)
group(2)
