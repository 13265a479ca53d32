"""Things on a plane as sets of tuples: the game of life, flood fill, a snake of rope, visible trees."""

from collections import Counter
from itertools import product

from checking import checked

FULL, SMALL = 85, 3
EXPECTED = {FULL: (49, (-9, -12, 14, 34), 24512, 339, 833, 9), SMALL: (21, (-29, -19, 6, 13), 43, 6, 9, 0)}

NEIGHBOURS = [(dx, dy) for dx, dy in product((-1, 0, 1), repeat=2) if (dx, dy) != (0, 0)]
GLIDER = {(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}
ACORN = {(0, 2), (1, 0), (1, 2), (3, 1), (4, 2), (5, 2), (6, 2)}
DIRECTIONS = {"U": (0, 1), "D": (0, -1), "L": (-1, 0), "R": (1, 0)}


def shift(cells, dx, dy):
    return {(x + dx, y + dy) for x, y in cells}


def step(alive):
    counts = Counter((x + dx, y + dy) for x, y in alive for dx, dy in NEIGHBOURS)
    return {cell for cell, count in counts.items() if count == 3 or (count == 2 and cell in alive)}


def border(cells):
    xs = [x for x, _ in cells]
    ys = [y for _, y in cells]
    return min(xs), min(ys), max(xs), max(ys)


def reachable(walls, start, radius):
    """How many free cells can be reached from `start`."""
    frontier = {start}
    seen = {start}
    while frontier:
        found = set()
        for x, y in frontier:
            for dx, dy in DIRECTIONS.values():
                cell = (x + dx, y + dy)
                if cell not in walls and cell not in seen and max(map(abs, cell)) <= radius:
                    found.add(cell)
        seen |= found
        frontier = found
    return len(seen)


def rope_tail(moves, length):
    """Every place that the end of a rope has been, when its head makes these moves."""
    knots = [(0, 0)] * length
    visited = {(0, 0)}
    for direction, count in moves:
        dx, dy = DIRECTIONS[direction]
        for _ in range(count):
            knots[0] = knots[0][0] + dx, knots[0][1] + dy
            for index in range(1, length):
                (hx, hy), (tx, ty) = knots[index - 1], knots[index]
                if abs(hx - tx) <= 1 and abs(hy - ty) <= 1:
                    break
                tx += (hx > tx) - (hx < tx)
                ty += (hy > ty) - (hy < ty)
                knots[index] = tx, ty
            visited.add(knots[-1])
    return visited


def visible(heights):
    """Which trees of a grid can be seen from outside."""
    size = len(heights)
    seen = set()
    lines = [[(x, y) for x in range(size)] for y in range(size)]
    lines += [[(x, y) for y in range(size)] for x in range(size)]
    for line in lines:
        for direction in (line, line[::-1]):
            tallest = -1
            for x, y in direction:
                if heights[y][x] > tallest:
                    tallest = heights[y][x]
                    seen.add((x, y))
    return seen


def run(size=FULL):
    alive = ACORN | shift(GLIDER, -20, -20) | shift(GLIDER, -30, 10)
    for _ in range(size):
        alive = step(alive)
    walls = {(x, y) for x in range(-size, size) for y in range(-size, size) if (x * x + 3 * y * y + x * y) % 7 == 1}
    moves = [("URDLLURRDU"[number % 10], number % 7 + 1) for number in range(size * 8)]
    heights = [[(x * x + y * 5 + x * y) % 10 for x in range(size)] for y in range(size)]
    result = (
        len(alive),
        border(alive),
        reachable(walls, (0, 0), size),
        len(rope_tail(moves, 10)),
        len(visible(heights)),
        len(alive & walls),
    )
    return checked(result, EXPECTED[size])
