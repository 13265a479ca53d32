"""Textbook dynamic programming over lists and strings."""

from functools import cache

from checking import checked

FULL, SMALL = 200, 12
EXPECTED = {
    FULL: (327, "afjbd", 3649, 245703657594081, 55055, 1997, True, 19),
    SMALL: (19, "afjbd", 194, 5065848, 4255, 118, True, 6),
}


def longest_common_subsequence(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a, 1):
        for j, y in enumerate(b, 1):
            if x == y:
                table[i][j] = table[i - 1][j - 1] + 1
            else:
                table[i][j] = max(table[i - 1][j], table[i][j - 1])
    i, j = len(a), len(b)
    letters = []
    while i and j:
        if a[i - 1] == b[j - 1]:
            letters.append(a[i - 1])
            i -= 1
            j -= 1
        elif table[i - 1][j] >= table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return "".join(reversed(letters))


def knapsack(items, capacity):
    best = [0] * (capacity + 1)
    for weight, value in items:
        for room in range(capacity, weight - 1, -1):
            candidate = best[room - weight] + value
            if candidate > best[room]:
                best[room] = candidate
    return best[capacity]


def coin_ways(coins, amount):
    ways = [1] + [0] * amount
    for coin in coins:
        for total in range(coin, amount + 1):
            ways[total] += ways[total - coin]
    return ways[amount]


def matrix_chain(sizes):
    count = len(sizes) - 1
    cost = [[0] * count for _ in range(count)]
    for length in range(2, count + 1):
        for i in range(count - length + 1):
            j = i + length - 1
            cost[i][j] = min(cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j))
    return cost[0][-1]


def longest_palindrome(text):
    best = ""
    for middle in range(len(text)):
        for left, right in ((middle, middle), (middle, middle + 1)):
            while left >= 0 and right < len(text) and text[left] == text[right]:
                left -= 1
                right += 1
            if right - left - 1 > len(best):
                best = text[left + 1 : right]
    return best


def wildcard(pattern, text):
    @cache
    def matches(i, j):
        if i == len(pattern):
            return j == len(text)
        if pattern[i] == "*":
            return matches(i + 1, j) or (j < len(text) and matches(i, j + 1))
        return j < len(text) and pattern[i] in ("?", text[j]) and matches(i + 1, j + 1)

    return matches(0, 0)


def increasing(values):
    lengths = [1] * len(values)
    for i in range(len(values)):
        for j in range(i):
            if values[j] < values[i] and lengths[j] + 1 > lengths[i]:
                lengths[i] = lengths[j] + 1
    return max(lengths)


def letters(count, step):
    return "".join(chr(97 + number * number * step % 11) for number in range(count))


def run(size=FULL):
    common = longest_common_subsequence(letters(size * 3, 3), letters(size * 3, 5))
    items = [(3 + number * 7 % 13, 10 + number * 11 % 29) for number in range(size)]
    result = (
        len(common),
        common[:5],
        knapsack(items, size * 5),
        coin_ways([1, 2, 5, 10, 20, 50, 100, 200], size * 40),
        matrix_chain([5 + number * 13 % 17 for number in range(size // 3 + 3)]),
        len(longest_palindrome(letters(size * 10, 7))),
        wildcard("*a?c*e*", letters(size, 3) + "axcde"),
        increasing([number * 31 % 101 for number in range(size * 3)]),
    )
    return checked(result, EXPECTED[size])
