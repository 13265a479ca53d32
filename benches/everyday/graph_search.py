"""Shortest ways: Dijkstra over a road map and A* over a grid, with heapq and dataclasses; components by search."""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from checking import checked

FULL, SMALL = 80, 8
EXPECTED = {FULL: (1201, 79, 15, (158, 4854), 1, 5377), SMALL: (121, 60, 8, (14, 44), 1, 54)}


@dataclass(frozen=True)
class Road:
    target: str
    length: float
    toll: int = 0

    @property
    def cost(self) -> float:
        return self.length + 5 * self.toll


@dataclass(order=True)
class Entry:
    cost: float
    name: str = field(compare=False)
    previous: "Entry | None" = field(default=None, compare=False)

    def path(self) -> list[str]:
        names = []
        entry: Entry | None = self
        while entry is not None:
            names.append(entry.name)
            entry = entry.previous
        return names[::-1]


@dataclass
class RoadMap:
    roads: dict[str, list[Road]] = field(default_factory=dict)

    def connect(self, one: str, other: str, length: float, toll: int = 0) -> None:
        self.roads.setdefault(one, []).append(Road(other, length, toll))
        self.roads.setdefault(other, []).append(Road(one, length, toll))

    def shortest(self, start: str) -> dict[str, Entry]:
        done: dict[str, Entry] = {}
        waiting = [Entry(0, start)]
        while waiting:
            entry = heapq.heappop(waiting)
            if entry.name in done:
                continue
            done[entry.name] = entry
            for road in self.roads[entry.name]:
                if road.target not in done:
                    heapq.heappush(waiting, Entry(entry.cost + road.cost, road.target, entry))
        return done


@dataclass(frozen=True, slots=True)
class Cell:
    x: int
    y: int

    def neighbours(self, width: int, height: int) -> Iterator["Cell"]:
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            x, y = self.x + dx, self.y + dy
            if 0 <= x < width and 0 <= y < height:
                yield Cell(x, y)

    def distance(self, other: "Cell") -> int:
        return abs(self.x - other.x) + abs(self.y - other.y)


class Grid:
    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.walls = {
            Cell(x, y) for x in range(width) for y in range(height) if (x * 7 + y * 13 + x * y) % 5 == 0 and x + y > 2
        }
        self.goal = Cell(width - 1, height - 1)
        self.walls.discard(self.goal)

    def route(self, start: Cell, goal: Cell) -> tuple[int, int]:
        """Length of the best way (-1 if there is none) and how many cells were looked at."""
        costs = {start: 0}
        counter = 0
        waiting = [(start.distance(goal), counter, start)]
        closed: set[Cell] = set()
        while waiting:
            _, _, cell = heapq.heappop(waiting)
            if cell == goal:
                return costs[cell], len(closed)
            if cell in closed:
                continue
            closed.add(cell)
            for neighbour in cell.neighbours(self.width, self.height):
                if neighbour in self.walls:
                    continue
                cost = costs[cell] + 1
                if cost < costs.get(neighbour, 1_000_000):
                    costs[neighbour] = cost
                    counter += 1
                    heapq.heappush(waiting, (cost + neighbour.distance(goal), counter, neighbour))
        return -1, len(closed)

    def components(self) -> list[int]:
        """Sizes of the connected regions."""
        seen = set(self.walls)
        sizes = []
        for x in range(self.width):
            for y in range(self.height):
                if (cell := Cell(x, y)) in seen:
                    continue
                seen.add(cell)
                queue = deque([cell])
                size = 0
                while queue:
                    size += 1
                    for neighbour in queue.popleft().neighbours(self.width, self.height):
                        if neighbour not in seen:
                            seen.add(neighbour)
                            queue.append(neighbour)
                sizes.append(size)
        return sorted(sizes, reverse=True)


def make_map(size: int) -> RoadMap:
    road_map = RoadMap()
    for number in range(size * 15):
        road_map.connect(f"t{number}", f"t{number + 1}", 3 + number % 7)
        road_map.connect(f"t{number}", f"t{number * 37 % (size * 15)}", 4 + number % 11, toll=number % 3)
    return road_map


def run(size: int = FULL) -> tuple[object, ...]:
    found = make_map(size).shortest("t0")
    farthest = max(found.values())
    grid = Grid(size, size)
    route = grid.route(Cell(0, 0), grid.goal)
    components = grid.components()
    result = len(found), farthest.cost, len(farthest.path()), route, len(components), components[0]
    return checked(result, EXPECTED[size])
