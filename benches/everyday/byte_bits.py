"""Bit work on bytes: checksums, base64 by hand, variable-length integers, packing, a bit map, a simple compressor."""

from checking import checked

FULL, SMALL = 30_000, 300
EXPECTED = {
    FULL: ("cc99d1ee", "b3109332", "887de6b38dbf6dd8", 2016960601, True, 30000, 10002, True, 24758, 3696832),
    SMALL: ("44bfd0b5", "9747591d", "62efbf9892eef807", 3250296254, True, 300, 97, True, 228, 39102),
}

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def crc_table(polynomial=0xEDB88320):
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ polynomial if value & 1 else value >> 1
        table.append(value)
    return table


CRC_TABLE = crc_table()


def crc32(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def adler32(data):
    low, high = 1, 0
    for byte in data:
        low = (low + byte) % 65521
        high = (high + low) % 65521
    return high << 16 | low


def fnv1a(data):
    result = 0xCBF29CE484222325
    for byte in data:
        result = (result ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return result


def to_base64(data):
    output = bytearray()
    for start in range(0, len(data), 3):
        chunk = data[start : start + 3]
        number = int.from_bytes(chunk.ljust(3, b"\0"))
        for shift in (18, 12, 6, 0):
            output.append(ALPHABET[number >> shift & 63])
        if len(chunk) < 3:
            output[len(chunk) - 3 :] = b"=" * (3 - len(chunk))
    return bytes(output)


def write_varints(numbers):
    output = bytearray()
    for number in numbers:
        number = number << 1 if number >= 0 else -number << 1 | 1
        while number > 0x7F:
            output.append(number & 0x7F | 0x80)
            number >>= 7
        output.append(number)
    return output


def read_varints(data):
    numbers = []
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
            continue
        numbers.append(-(number >> 1) if number & 1 else number >> 1)
        number = shift = 0
    return numbers


class BitMap:
    def __init__(self, size):
        self.bits = bytearray((size + 7) // 8)

    def set(self, index):
        self.bits[index >> 3] |= 1 << (index & 7)

    def __contains__(self, index):
        return self.bits[index >> 3] >> (index & 7) & 1 == 1

    def count(self):
        return sum(byte.bit_count() for byte in self.bits)


def compress(data):
    """Runs and copies from the last 255 bytes, found by the last place of three bytes."""
    output = bytearray()
    last = {}
    index = 0
    while index < len(data):
        key = bytes(data[index : index + 3])
        found = last.get(key, -1)
        last[key] = index
        if len(key) == 3 and found >= 0 and index - found < 256:
            length = 3
            while length < 127 and index + length < len(data) and data[found + length] == data[index + length]:
                length += 1
            output += bytes((0x80 | length, index - found))
            index += length
        else:
            output += bytes((0, data[index]))
            index += 1
    return bytes(output)


def decompress(data):
    output = bytearray()
    view = memoryview(data)
    for start in range(0, len(view), 2):
        flag, value = view[start], view[start + 1]
        if flag & 0x80:
            for _ in range(flag & 0x7F):
                output.append(output[-value])
        else:
            output.append(value)
    return bytes(output)


def reverse_bits(byte):
    byte = (byte & 0xF0) >> 4 | (byte & 0x0F) << 4
    byte = (byte & 0xCC) >> 2 | (byte & 0x33) << 2
    return (byte & 0xAA) >> 1 | (byte & 0x55) << 1


def run(size=FULL):
    data = b"".join(b"%d:%s;" % (number * number % 1009, b"abc" * (number % 4)) for number in range(size))[:size]
    data = bytes(byte ^ (index >> 9 & 1) for index, byte in enumerate(data))
    numbers = [(number * 2654435761 % 100_000) - 50_000 for number in range(size)]
    bits = BitMap(size * 4)
    for number in numbers:
        bits.set(number % (size * 4))
    packed = compress(data)
    result = (
        f"{crc32(data):08x}",
        f"{adler32(data):08x}",
        f"{fnv1a(data):016x}",
        crc32(to_base64(data)),
        read_varints(write_varints(numbers)) == numbers,
        bits.count(),
        sum(index in bits for index in range(0, size * 4, 3)),
        decompress(packed) == data,
        len(packed),
        sum(map(reverse_bits, data)),
    )
    return checked(result, EXPECTED[size])
