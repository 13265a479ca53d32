"""Decorators with `*args, **kwargs` as frameworks pile them up: logging, retries, caches, checks, events, routes."""

import functools
import inspect

from checking import checked

FULL, SMALL = 10_000, 100
EXPECTED = {FULL: (94042, 99990000, 1000, 2545, 19, 72007), SMALL: (914, 9900, 10, 88, 3870, 727)}


class Counts(dict):
    def __missing__(self, key):
        return 0


calls = Counts()


def counted(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        calls[function.__name__] += 1
        return function(*args, **kwargs)

    return wrapper


def retry(times, on=(ValueError,)):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for attempt in range(times):
                try:
                    return function(*args, attempt=attempt, **kwargs)
                except on:
                    calls["retries"] += 1
            return None

        return wrapper

    return decorate


def memoize(maxsize=256):
    def decorate(function):
        cache = {}

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            key = args, tuple(sorted(kwargs.items()))
            try:
                return cache[key]
            except KeyError:
                if len(cache) >= maxsize:
                    cache.clear()
                value = cache[key] = function(*args, **kwargs)
                return value

        wrapper.cache = cache
        return wrapper

    return decorate


def typed(function):
    """Checks arguments against the annotations."""
    signature = inspect.signature(function)
    names = list(signature.parameters)
    types = {name: parameter.annotation for name, parameter in signature.parameters.items()}

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        for name, value in [*zip(names, args, strict=False), *kwargs.items()]:
            if not isinstance(value, types[name]):
                raise TypeError(f"{name} must be {types[name].__name__}")
        return function(*args, **kwargs)

    return wrapper


class Router:
    def __init__(self):
        self.routes = {}
        self.before = []

    def route(self, path, **defaults):
        def register(function):
            self.routes[path] = functools.partial(function, **defaults)
            return function

        return register

    def before_request(self, function):
        self.before.append(function)
        return function

    def dispatch(self, path, *args, **kwargs):
        for hook in self.before:
            hook(path, *args, **kwargs)
        try:
            handler = self.routes[path]
        except KeyError:
            return self.not_found(path)
        return handler(*args, **kwargs)

    @counted
    def not_found(self, path):
        return 404, path


def transaction(method):
    """Undoes what a method did to its account if it fails."""

    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        before = self.balance
        try:
            return method(self, *args, **kwargs)
        except ArithmeticError:
            self.balance = before
            return False

    return wrapper


class Account:
    fee = 1

    def __init__(self, balance):
        self.balance = balance

    @transaction
    @typed
    def transfer(self: object, amount: int, target: object, express: bool = False):
        self.balance -= amount + self.fee * (3 if express else 1)
        target.balance += amount
        if self.balance < 0:
            target.balance -= amount
            raise ArithmeticError("not enough")
        return True

    @classmethod
    @counted
    def open(cls, *args, **kwargs):
        return cls(*args, **kwargs)


router = Router()


@router.before_request
def log(path, *args, **kwargs):
    calls[path] += len(args) + len(kwargs)


@router.route("/total", tax=20)
@counted
@memoize(maxsize=64)
def total(*prices, tax, discount=0):
    return sum(prices) * (100 + tax) // 100 - discount


@router.route("/unstable")
@counted
@retry(3)
def unstable(number, *, attempt):
    if (number + attempt) % 3:
        raise ValueError(number)
    return number * 2


def run(size=FULL):
    calls.clear()
    total.__wrapped__.cache.clear()
    accounts = [Account.open(balance=500) for _ in range(8)]
    totals = unstables = missing = moved = 0
    for number in range(size):
        totals += router.dispatch("/total", number % 13, number % 7, discount=number % 3)
        unstables += router.dispatch("/unstable", number)
        if number % 10 == 0:
            missing += router.dispatch("/missing", number)[0] == 404
        payer, target = accounts[number % 8], accounts[number * 5 % 7]
        if payer is not target:
            moved += payer.transfer(number % 40, target, express=number % 4 == 0)
    result = totals, unstables, missing, moved, sum(account.balance for account in accounts), sum(calls.values())
    return checked(result, EXPECTED[size])
