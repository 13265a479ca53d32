"""Vectors with operator overloading: springs, a flock of birds, a camera that turns."""

import math
import random
from functools import reduce
from itertools import pairwise

from checking import checked

FULL, SMALL = 90, 4
EXPECTED = {
    FULL: (
        "Vector(-412.611, 274.353, -201.454)",
        "Vector(-0.009, 0.000, -14.847)",
        "Vector(0.000, -1.627, 0.000)",
        "14.846611",
        8,
        7,
    ),
    SMALL: (
        "Vector(-59.219, 37.620, 103.453)",
        "Vector(6.953, 0.000, -0.127)",
        "Vector(0.000, -0.754, 0.000)",
        "6.953703",
        8,
        7,
    ),
}


class Vector:
    __slots__ = ("x", "y", "z")

    def __init__(self, x=0.0, y=0.0, z=0.0):
        self.x = x
        self.y = y
        self.z = z

    def __repr__(self):
        return f"Vector({self.x:.3f}, {self.y:.3f}, {self.z:.3f})"

    def __eq__(self, other):
        return isinstance(other, Vector) and (self.x, self.y, self.z) == (other.x, other.y, other.z)

    def __hash__(self):
        return hash((self.x, self.y, self.z))

    def __iter__(self):
        yield self.x
        yield self.y
        yield self.z

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def __mul__(self, factor):
        if not isinstance(factor, (int, float)):
            return NotImplemented
        return Vector(self.x * factor, self.y * factor, self.z * factor)

    __rmul__ = __mul__

    def __truediv__(self, divisor):
        return self * (1 / divisor)

    def __neg__(self):
        return Vector(-self.x, -self.y, -self.z)

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def __abs__(self):
        return math.sqrt(self @ self)

    def __bool__(self):
        return any(self)

    def cross(self, other):
        return Vector(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )

    @property
    def unit(self):
        length = abs(self)
        return self / length if length else Vector()

    def limited(self, longest):
        return self.unit * longest if abs(self) > longest else self


class Matrix:
    def __init__(self, rows):
        self.rows = [tuple(row) for row in rows]

    @classmethod
    def rotation(cls, angle):
        c, s = math.cos(angle), math.sin(angle)
        return cls([(c, -s, 0), (s, c, 0), (0, 0, 1)])

    def __matmul__(self, other):
        if isinstance(other, Vector):
            return Vector(*(sum(a * b for a, b in zip(row, other, strict=True)) for row in self.rows))
        columns = list(zip(*other.rows, strict=True))
        return Matrix(
            [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in self.rows]
        )


class Bird:
    def __init__(self, position, velocity):
        self.position = position
        self.velocity = velocity

    def steer(self, flock):
        near = [bird for bird in flock if bird is not self and abs(bird.position - self.position) < 30]
        if not near:
            return -self.position * 0.01
        centre = sum((bird.position for bird in near), Vector()) / len(near)
        heading = sum((bird.velocity for bird in near), Vector()) / len(near)
        apart = sum(((self.position - bird.position).unit for bird in near), Vector())
        return 0.02 * (centre - self.position) + (heading - self.velocity) * 0.1 + apart * 0.05

    def move(self, acceleration, dt):
        self.velocity = (self.velocity + acceleration * dt).limited(5)
        self.position = self.position + self.velocity * dt


class Spring:
    def __init__(self, one, other, length, stiffness):
        self.one, self.other = one, other
        self.length, self.stiffness = length, stiffness

    def force(self, places):
        away = places[self.other] - places[self.one]
        return away.unit * ((abs(away) - self.length) * self.stiffness)


def swing(count, steps):
    """A chain of masses on springs, its first one fixed."""
    places = [Vector(float(number), 0.0, 0.0) for number in range(count)]
    speeds = [Vector() for _ in range(count)]
    springs = [Spring(number, number + 1, 0.9, 40.0) for number in range(count - 1)]
    gravity = Vector(0.0, 0.0, -9.81)
    for _ in range(steps):
        forces = [gravity for _ in places]
        for spring in springs:
            force = spring.force(places)
            forces[spring.one] += force
            forces[spring.other] -= force
        for index in range(1, count):
            speeds[index] = speeds[index] * 0.99 + forces[index] * 0.01
            places[index] += speeds[index] * 0.01
    return places


def run(size=FULL):
    rng = random.Random(5)
    flock = [
        Bird(Vector(*(rng.uniform(-50, 50) for _ in range(3))), Vector(*(rng.uniform(-1, 1) for _ in range(3))))
        for _ in range(size)
    ]
    for _ in range(8):
        accelerations = [bird.steer(flock) for bird in flock]
        for bird, acceleration in zip(flock, accelerations, strict=True):
            bird.move(acceleration, 0.1)
    chain = swing(8, size * 4)
    camera = reduce(Matrix.__matmul__, [Matrix.rotation(0.01 * step) for step in range(size * 4)])
    seen = {camera @ place for place in chain}
    area = sum((one.cross(other) for one, other in pairwise(chain)), Vector())
    result = (
        repr(sum((bird.position for bird in flock), Vector())),
        repr(chain[-1]),
        repr(area),
        f"{max(map(abs, seen)):.6f}",
        len(seen),
        sum(map(bool, seen)),
    )
    return checked(result, EXPECTED[size])
