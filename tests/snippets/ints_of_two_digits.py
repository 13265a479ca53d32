"""Arithmetic of 32 to 64 bits, as hashes and ciphers do it: ints of two and three digits, as variables, items, constants and attributes of classes."""


def checksum(data, rounds):
    table = []
    for n in range(256):
        c = n
        for _ in range(8):
            c = (0xEDB88320 ^ (c >> 1)) if c & 1 else c >> 1
        table.append(c)
    result = 0
    for _ in range(rounds):
        c = 0xFFFFFFFF
        for byte in data:
            c = table[(c ^ byte) & 0xFF] ^ (c >> 8)
        result ^= c ^ 0xFFFFFFFF
        result = (result * 31 + 7) & 0xFFFFFFFF
    return result


class Random:
    MULTIPLIER = 6364136223846793005
    MASK = 0xFFFFFFFFFFFFFFFF
    HALF = 0x7FFFFFFFFFFFFFF

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * self.MULTIPLIER + 1442695040888963407) & Random.MASK
        return (self.state >> 33) ^ (self.state & Random.HALF)


def fnv(text):
    h = 0xCBF29CE484222325
    for c in text:
        h = ((h ^ ord(c)) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


EDGES = [
    0,
    1,
    -1,
    2**30 - 1,
    2**30,
    -(2**30),
    2**31,
    2**32 - 1,
    2**53,
    2**53 + 1,
    2**59,
    2**60 - 1,
    -(2**60) + 1,
    2**60,
    -(2**60),
    2**62,
    2**63 - 1,
    -(2**63),
    2**64,
]


def edges(values, constant_rounds):
    seen = []
    for _ in range(constant_rounds):
        seen.clear()
        for x in values:
            seen.append(
                (x ^ 0xFFFFFFFF, x & 0xFFFFFFFFFFFFFFF, x | -0x100000000, x + 0x3FFFFFFFFFFFFFF, x - 0xFFFFFFFFFFFFFFF)
            )
            seen.append(
                (x * 0x7FFFFFFF, x < 0x100000000, x == 0x20000000000001, x // 0x40000000, x % 0x100000001, x >> 3)
            )
            seen.append(
                (
                    x * 1.5,
                    x + 0.5,
                    9007199254740993 < x * 1.0,
                    9007199254740993 + 0.5,
                    9007199254740993 == 9007199254740992.0,
                )
            )
    return seen


def pairs(values, rounds):
    total = 0
    for _ in range(rounds):
        for x in values:
            for y in values:
                total ^= (x ^ y) + (x & y) - (x | y)
                total ^= x + y
    return total


print(checksum(b"The quick brown fox jumps over the lazy dog", 300))
random = Random(42)
print([random.next() for _ in range(3000)][-3:])
print(fnv("hello world" * 300))
first = edges(EDGES, 1)
print(edges(EDGES, 300) == first)
print(first)
print(pairs(EDGES, 60), pairs(EDGES[3:11], 60), pairs(EDGES[7:8] * 9, 60))


def boards(rounds):
    """Bits of 64, 90, 240 and 270, and of negative ones."""
    full = 0xFFFFFFFFFFFFFFFF
    board = 0x8100000000000081
    log = []
    for i in range(rounds):
        board ^= 1 << (i * 7 % 64)
        moves = (board << 8 | board >> 8) & full
        log.append((moves & ~board & full, moves ^ full, moves | 1 << 63, board & -board, board & 0xFF00000000000000))
        wide = board * board * board
        log.append(
            (
                wide ^ wide,
                wide & full << 64,
                wide | wide << 30,
                wide << 60 ^ board,
                wide << 90 & wide,
                -wide ^ board,
                True & board,
                board | True,
            )
        )
    return hash(tuple(log)), log[-2:]


print(boards(400))
