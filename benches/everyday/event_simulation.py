"""A discrete-event simulation of a shop: customers of several kinds, queues, staff who take breaks."""

import heapq
import itertools
import random
from abc import ABC, abstractmethod
from collections import deque

from checking import checked

FULL, SMALL = 9000, 60
EXPECTED = {FULL: (53616, 554560, 1059, 13423.242), SMALL: (349, 3586, 14, 119.962)}


class Simulation:
    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self._events: list[tuple[float, int, Event]] = []
        self._numbers = itertools.count()
        self.processed = 0

    def schedule(self, delay: float, event: "Event") -> None:
        heapq.heappush(self._events, (self.now + delay, next(self._numbers), event))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, event = heapq.heappop(self._events)
            self.processed += 1
            event.happen(self)


class Event(ABC):
    """Something that happens at one time."""

    @abstractmethod
    def happen(self, simulation: Simulation) -> None: ...


class Customer:
    patience = 6.0
    spends = 10

    def __init__(self, number: int, arrived: float) -> None:
        self.number = number
        self.arrived = arrived
        self.served_at: float | None = None

    @property
    def waited(self) -> float:
        return 0.0 if self.served_at is None else self.served_at - self.arrived

    def service_time(self, rng: random.Random) -> float:
        return 1 + rng.random() * 2

    def bill(self) -> int:
        return self.spends


class HurriedCustomer(Customer):
    patience = 2.0

    def service_time(self, rng: random.Random) -> float:
        return super().service_time(rng) / 2


class BigCustomer(Customer):
    patience = 15.0
    spends = 80

    def __init__(self, number: int, arrived: float, items: int) -> None:
        super().__init__(number, arrived)
        self.items = items

    def service_time(self, rng: random.Random) -> float:
        return super().service_time(rng) + 0.1 * self.items

    def bill(self) -> int:
        return super().bill() + 3 * self.items


class Clerk:
    def __init__(self, name: str) -> None:
        self.name = name
        self.busy = False
        self.on_break = False
        self.served = 0

    @property
    def available(self) -> bool:
        return not (self.busy or self.on_break)


class Shop:
    def __init__(self, clerks: int) -> None:
        self.clerks = [Clerk(f"clerk {number}") for number in range(clerks)]
        self.queue: deque[Customer] = deque()
        self.revenue = 0
        self.lost = 0
        self.waits: list[float] = []

    def serve_waiting(self, simulation: Simulation) -> None:
        for clerk in self.clerks:
            if not self.queue:
                return
            if clerk.available:
                customer = self.queue.popleft()
                customer.served_at = simulation.now
                self.waits.append(customer.waited)
                clerk.busy = True
                simulation.schedule(customer.service_time(simulation.random), ServiceDone(self, clerk, customer))


class Arrival(Event):
    def __init__(self, shop: Shop, number: int, last: int) -> None:
        self.shop = shop
        self.number = number
        self.last = last

    def happen(self, simulation: Simulation) -> None:
        customer = self.make_customer(simulation)
        self.shop.queue.append(customer)
        simulation.schedule(customer.patience, GivesUp(self.shop, customer))
        self.shop.serve_waiting(simulation)
        if self.number < self.last:
            simulation.schedule(simulation.random.expovariate(1.4), Arrival(self.shop, self.number + 1, self.last))

    def make_customer(self, simulation: Simulation) -> Customer:
        kind = simulation.random.random()
        if kind < 0.2:
            return BigCustomer(self.number, simulation.now, items=simulation.random.randrange(5, 20))
        if kind < 0.5:
            return HurriedCustomer(self.number, simulation.now)
        return Customer(self.number, simulation.now)


class ServiceDone(Event):
    def __init__(self, shop: Shop, clerk: Clerk, customer: Customer) -> None:
        self.shop = shop
        self.clerk = clerk
        self.customer = customer

    def happen(self, simulation: Simulation) -> None:
        self.clerk.busy = False
        self.clerk.served += 1
        self.shop.revenue += self.customer.bill()
        if self.clerk.served % 25 == 0:
            self.clerk.on_break = True
            simulation.schedule(10, BreakOver(self.shop, self.clerk))
        self.shop.serve_waiting(simulation)


class BreakOver(Event):
    def __init__(self, shop: Shop, clerk: Clerk) -> None:
        self.shop = shop
        self.clerk = clerk

    def happen(self, simulation: Simulation) -> None:
        self.clerk.on_break = False
        self.shop.serve_waiting(simulation)


class GivesUp(Event):
    def __init__(self, shop: Shop, customer: Customer) -> None:
        self.shop = shop
        self.customer = customer

    def happen(self, simulation: Simulation) -> None:
        if self.customer.served_at is None and self.customer in self.shop.queue:
            self.shop.queue.remove(self.customer)
            self.shop.lost += 1


def run(size: int = FULL) -> tuple[int, int, int, float]:
    simulation = Simulation(seed=7)
    shop = Shop(clerks=4)
    simulation.schedule(0, Arrival(shop, 1, size * 2))
    simulation.run(until=1e9)
    result = simulation.processed, shop.revenue, shop.lost, round(sum(shop.waits), 3)
    return checked(result, EXPECTED[size])
