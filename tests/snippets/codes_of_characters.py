"""ord and chr in loops, of characters and numbers of all kinds."""

ROUNDS = 100


def codes(text):
    total = 0
    for _ in range(ROUNDS):
        for index in range(len(text)):
            total += ord(text[index])
        for character in text:
            total -= ord(character) % 3
    return total


def characters(codes):
    found = ""
    for _ in range(ROUNDS):
        found = ""
        for code in codes:
            found += chr(code)
    return found


def shifted(text, by):
    return "".join(chr((ord(c) - 97 + by) % 26 + 97) if "a" <= c <= "z" else c for c in text)


def wrong(function, value):
    try:
        for _ in range(ROUNDS):
            result = function("a" if function is ord else 97)
        for _ in range(ROUNDS):
            result = function(value)
        return result
    except (TypeError, ValueError, OverflowError) as error:
        return type(error).__name__, str(error)


class Text(str):
    pass


def main():
    for text in ("hello, world", "", "caf\xe9", "\u4e2d\u6587 text", "\U0001f40d", "\x00\x7f\x80\xff"):
        print(
            codes(text),
            ascii(characters([ord(c) for c in text])),
            characters(range(60, 128)) == "".join(map(chr, range(60, 128))),
        )
    print([shifted("hello, world", by) for by in range(30)])
    for value in ("", "ab", "\xe9", b"a", bytearray(b"b"), Text("c"), 5, None):
        print(ascii(wrong(ord, value)))
    for value in (-1, 127, 128, 255, 0x10FFFF, 0x110000, 1 << 70, True, 2.5, "a", None):
        print(ascii(wrong(chr, value)))
    print(chr(97) is "a"[0], [chr(n) is chr(n) for n in (0, 65, 127)])


main()
