"""Primes by the sieve of Eratosthenes, on a list of booleans."""

from checking import checked

FULL, SMALL = 1_200_000, 5000
EXPECTED = {FULL: 92938, SMALL: 669}


def sieve(limit: int) -> int:
    is_prime = [True] * limit
    is_prime[0] = is_prime[1] = False
    number = 2
    while number * number < limit:
        if is_prime[number]:
            for multiple in range(number * number, limit, number):
                is_prime[multiple] = False
        number += 1
    count = 0
    for prime in is_prime:
        if prime:
            count += 1
    return count


def run(size: int = FULL) -> int:
    return checked(sieve(size), EXPECTED[size])
