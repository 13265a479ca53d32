"""Log files through a pipeline of generators: parse, filter, group, window, report."""

import itertools
from typing import NamedTuple

from checking import checked

FULL, SMALL = 8000, 200
EXPECTED = {
    FULL: (
        229,
        29729323,
        [("/", 100), ("/about", 100), ("/api/v1/orders/<n>", 100), ("/shop/article/<n>", 100), ("/shop/cart", 100)],
        2662,
        240600,
    ),
    SMALL: (
        6,
        515623,
        [("/", 34), ("/about", 33), ("/api/v1/orders/<n>", 33), ("/shop/article/<n>", 33), ("/shop/cart", 34)],
        62,
        165,
    ),
}


class Request(NamedTuple):
    time: int
    client: str
    path: str
    status: int
    size: int


def lines(count):
    """What a server would have written."""
    paths = ["/", "/shop/cart", "/shop/article/{}", "/static/app.js", "/about", "/api/v1/orders/{}"]
    for number in range(count):
        path = paths[number * 7 % len(paths)].format(number % 50)
        status = 500 if number % 97 == 0 else 404 if number % 41 == 0 else 304 if number % 5 == 0 else 200
        client = f"10.0.{number * 13 % 4}.{number * 29 % 200}"
        yield f"{1_700_000_000 + number // 3} {client} GET {path} {status} {number * 31 % 9000}"
        if number % 500 == 499:
            yield "# rotated"
            yield ""


def meaningful(source):
    for line in source:
        line = line.strip()
        if line and not line.startswith("#"):
            yield line


def parse(source):
    for line in source:
        time, client, _, path, status, size = line.split()
        yield Request(int(time), client, path, int(status), int(size))


def without(source, prefix):
    return (request for request in source if not request.path.startswith(prefix))


def numbered_paths(source):
    """Replaces the numbers in paths by a placeholder."""
    for request in source:
        parts = ["<n>" if part.isdigit() else part for part in request.path.split("/")]
        yield request._replace(path="/".join(parts))


def sessions(source, gap):
    """Yields (client, requests) whenever a client was silent for long, and all that are open at the end."""
    open_sessions = {}
    for request in source:
        kept = open_sessions.get(request.client)
        if kept and request.time - kept[-1].time > gap:
            yield request.client, open_sessions.pop(request.client)
        open_sessions.setdefault(request.client, []).append(request)
    yield from open_sessions.items()


def windows(values, width):
    """Moving averages."""
    total = 0
    recent = []
    for value in values:
        recent.append(value)
        total += value
        if len(recent) > width:
            total -= recent.pop(0)
        if len(recent) == width:
            yield total / width


def running_report():
    """Takes requests by `send`, gives back a running count of errors and bytes."""
    errors = size = 0
    while True:
        request = yield errors, size
        errors += request.status >= 400
        size += request.size


def flatten(nested):
    for item in nested:
        if isinstance(item, list):
            yield from flatten(item)
        else:
            yield item


def pipeline(count):
    return numbered_paths(without(parse(meaningful(lines(count))), "/static"))


def run(size=FULL):
    report = running_report()
    next(report)
    errors = transferred = 0
    for request in pipeline(size):
        errors, transferred = report.send(request)
    by_path = {}
    for client, requests in sessions(pipeline(size), gap=size // 60):
        for request in requests:
            by_path.setdefault(request.path, set()).add(client)
    per_second = (len(list(group)) for _, group in itertools.groupby(parse(meaningful(lines(size))), lambda r: r.time))
    peaks = sum(average > 2.9 for average in windows(per_second, 5))
    nested = [[number, [number + 1, [number + 2]]] for number in range(size // 20)]
    result = (
        errors,
        transferred,
        sorted((path, len(clients)) for path, clients in by_path.items()),
        peaks,
        sum(flatten(nested)),
    )
    return checked(result, EXPECTED[size])
