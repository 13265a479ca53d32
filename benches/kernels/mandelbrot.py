"""How many points of a grid seem to be in the Mandelbrot set."""

from checking import checked

FULL, SMALL = 140, 12
EXPECTED = {FULL: (5092, 597610), SMALL: (37, 4369)}


def mandelbrot(size: int, limit: int) -> tuple[int, int]:
    inside = rounds = 0
    for row in range(size):
        ci = 2.0 * row / size - 1.0
        for column in range(size):
            cr = 3.0 * column / size - 2.0
            zr = zi = 0.0
            for _ in range(limit):
                squared_r = zr * zr
                squared_i = zi * zi
                if squared_r + squared_i > 4.0:
                    break
                zi = 2.0 * zr * zi + ci
                zr = squared_r - squared_i + cr
                rounds += 1
            else:
                inside += 1
    return inside, rounds


def run(size: int = FULL) -> tuple[int, int]:
    return checked(mandelbrot(size, 100), EXPECTED[size])
