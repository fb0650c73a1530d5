"""How many requests a second one core answers in process, with every feature on, and what a full store does to it.

    python -m benchmarks.mocks [--operations 20000] [--objects 200000]

The processor's dialect with authentication, limits, idempotency keys, a fault plan that is asked and never strikes,
typed validation, the request journal and webhooks. Requests are made beforehand; a figure is requests per CPU second of
the process, the median of three rounds. `yardstick` is a fixed amount of plain Python, to compare runs and hosts by.
The latency of single requests is wall time, with the collector as a server sets it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import msgspec

from domain.faults import Fault
from domain.http import Request
from mocks.doors.garbage import settled_collector
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.service import Service
from mocks.world import World

START_US = 1_900_000_000_000_000
ROUNDS = 3
HEADERS = {"authorization": "Bearer sk_test_q2c", "content-type": "application/x-www-form-urlencoded"}
FAULTS = tuple(
    Fault(kind=kind, system="payment", share_ppm=0) for kind in ("lost_reply", "error_before", "throttled", "duplicate")
)
Make = Callable[[str, int], Request]


def processor() -> Service:
    """Return the processor with every feature on, and limits that never bite."""
    world = World(1, lambda _record: None, FAULTS, journal_entries=10_000)
    service = world["payment"]
    service.limiter.policy = LimitPolicy(requests=10**9, concurrent=10**9)
    return service


def _post(path: str, form: bytes) -> Make:
    def make(series: str, number: int) -> Request:
        headers = {**HEADERS, "idempotency-key": f"{series}-{number}"}
        return Request("payment", "POST", path, headers, form + b"%d" % number)

    return make


def operations(customer: str) -> dict[str, Make]:
    """Return what is measured: how the request with a number in a series is made."""
    invoice = (
        f"customer={customer}&collection_method=send_invoice&days_until_due=30&currency=usd&footer=Thanks"
        "&metadata[order]=Q-000001&metadata[entity]=US01&description=Order+"
    )
    intent = f"amount=2000&currency=usd&customer={customer}&payment_method_types[0]=card&metadata[invoice]=INV-"
    replayed = _post("/v1/customers", b"name=Acme&metadata[order]=Q-")
    return {
        "POST /v1/invoices": _post("/v1/invoices", invoice.encode()),
        "POST /v1/payment_intents": _post("/v1/payment_intents", intent.encode()),
        "POST /v1/customers": _post("/v1/customers", b"name=Acme&email=a%40example.com&metadata[order]=Q-"),
        "POST the same again": lambda series, number: replayed("again", 1),
        "GET /v1/customers/{id}": lambda series, number: Request(
            "payment", "GET", f"/v1/customers/{customer}", HEADERS
        ),
    }


def rate(service: Service, make: Make, series: str, count: int) -> float:
    """Return how many requests a CPU second the service answers; raise RuntimeError when one is refused."""
    requests = [make(series, number) for number in range(count)]
    started = time.process_time()
    for number, request in enumerate(requests):
        status = service.handle(request, START_US + number * 20, f"r{number}").reply.status
        if service.has_mail:
            service.collect()
    spent = time.process_time() - started
    if status != 200:
        raise RuntimeError(f"{request.method} {request.target} was answered with {status}: nothing to measure")
    return count / spent


def latencies_us(service: Service, make: Make, series: str, count: int) -> list[float]:
    """Return the wall time of single requests in microseconds, in ascending order."""
    found = []
    for number in range(count):
        request = make(series, number)
        started = time.perf_counter_ns()
        service.handle(request, START_US + number * 20, f"l{number}")
        found.append((time.perf_counter_ns() - started) / 1_000)
        service.collect()
    return sorted(found)


def yardstick() -> float:
    """Return rounds of a fixed small work per CPU second: encode, decode, look up and build."""
    started, table = time.process_time(), {}
    for number in range(20_000):
        text = msgspec.json.encode({"id": f"in_{number:024d}", "lines": [{"amount": number, "currency": "usd"}] * 3})
        table[number & 1023] = msgspec.json.decode(text)
    return 20_000 / (time.process_time() - started)


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=10_000, help="requests of each round")
    parser.add_argument("--objects", type=int, default=0, help="invoices stored before the last figures")
    said = parser.parse_args(argv)
    service = processor()
    made = service.handle(Request("payment", "POST", "/v1/customers", HEADERS, b"name=Acme"), START_US, "r0").reply
    rows = operations(msgspec.json.decode(made.body)["id"])
    with settled_collector():
        print(f"{'yardstick':<28}{yardstick():>12,.0f} a CPU second")
        for name, make in rows.items():
            rates = [rate(service, make, f"{name}-{number}", said.operations) for number in range(ROUNDS)]
            print(f"{name:<28}{statistics.median(rates):>12,.0f} a CPU second")
        invoice = rows["POST /v1/invoices"]
        _tell("latency", latencies_us(service, invoice, "latency", said.operations))
        if said.objects:
            filled = rate(service, invoice, "fill", said.objects)
            print(f"{f'{said.objects:,} invoices more':<28}{filled:>12,.0f} a CPU second")
            _tell("latency then", latencies_us(service, invoice, "after", said.operations))


def _tell(name: str, found: list[float]) -> None:
    p50, p99 = found[len(found) // 2], found[len(found) * 99 // 100]
    print(f"{name:<28}{p50:>9,.0f} us p50 {p99:>9,.0f} us p99 {found[-1]:>9,.0f} us at most")


if __name__ == "__main__":
    main()
