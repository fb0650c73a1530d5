"""The what-if engines against their peers, on the reference network, side by side in one run.

    python -m benchmarks.whatif --install build/peers  # salabim, Ciw and Cimba, in an environment of their own
    python -m benchmarks.whatif --peers build/peers    # each engine in a process of its own, in turns
    python -m benchmarks.whatif --growth                 # cost of a lifecycle and memory, 10,000 to 10,000,000
    python -m benchmarks.whatif --quarter                # 64 replications of 50,000 orders, on two cores

Rates are calls a CPU second, the best turn of each engine (the machine may be busy); ratios are what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.q2cnet import parameters as net
from benchmarks.q2cnet import simpy_idiom
from domain.calendar import SECOND_US
from simulator.whatif.durations import Duration
from simulator.whatif.model import Arrivals, Limit, Model, Piece, Repair, Retry, Route, Sla, Station, Step
from simulator.whatif.trouble import Window

ROOT = Path(__file__).resolve().parent.parent
PEERS = {"salabim": "salabim==26.0.9", "ciw": "ciw==3.2.7", "cimba": "cimba==0.9.5"}
DRAIN_SECONDS = 14_400
_ORDERS = 20_100
"""So many orders arrive in the two hours of the reference network."""
SECONDS, REPLICATIONS = 7200.0, {"kernel": 40, "C++": 60, "cimba": 20}
_BILLING = net.SERVICES[net.BILLING].slots


def network(seconds: float, billing_slots: int = _BILLING) -> Model:
    """Return the reference network as a model, with so many seconds of arrivals."""
    stations = [_station(service, seconds, billing_slots) for service in net.SERVICES]
    touch = Duration.lognormal_mean(net.TOUCH_MEAN * SECOND_US, net.TOUCH_VARIATION)
    stations.append(Station(name="clerks", kind="people", slots=net.CLERKS, service=touch))
    retry = Retry(
        attempts=net.RETRIES + 1, base_us=_us(net.PAUSE), cap_us=_us(net.PAUSE_LONGEST)
    )  # fmt: skip
    steps = tuple(
        Step(
            name=f"{place + 1} {net.SERVICES[service].name}",
            station=net.SERVICES[service].name,
            timeout_us=_us(net.SERVICES[service].timeout),
            retry=retry,
        )
        for place, service in enumerate(net.STEPS)
    )
    return Model(
        name="q2c-net",
        stations=tuple(stations),
        routes=(Route(name="order", steps=steps, begins="accepted", ends="done"),),
        arrivals=(Arrivals(name="orders", route="order", pieces=_pieces(seconds)),),
        slas=(Sla(name="latency", begins="accepted", ends="done", bound_us=_us(8.0)),),
        repair=Repair(station="clerks"),
        end_us=_us(seconds + DRAIN_SECONDS),
    )


def _station(service: net.Service, seconds: float, billing_slots: int) -> Station:
    more: dict[str, Any] = {}
    if service.name == "erp":
        limit = Limit(requests=round(net.ERP_RATE * 10), per_us=10 * SECOND_US, burst=round(net.ERP_BURST))
        more = {"limits": (limit,), "refusal_us": _us(net.REFUSED)}
    elif service.name == "billing":
        from_us = _us(net.OUTAGE_FROM * seconds)
        outage = Window(from_us=from_us, until_us=from_us + _us(net.OUTAGE_LASTS))
        more = {"outages": (outage,), "refusal_us": _us(net.REJECTED)}
    return Station(
        name=service.name,
        service=Duration.lognormal_mean(service.mean * SECOND_US, service.variation),
        slots=billing_slots if service.name == "billing" else service.slots,
        **more,
    )


def _pieces(seconds: float) -> tuple[Piece, ...]:
    edges = ((0.0, 0.6, 1.0, 1.0), (0.6, 0.8, 2.0, net.PEAK), (0.8, 0.9, net.PEAK, 1.0), (0.9, 1.0, 1.0, 1.0))
    return tuple(
        Piece(
            from_us=_us(start * seconds),
            until_us=_us(end * seconds),
            expected=net.BASE_RATE * mean * (end - start) * seconds,
            rise=rise,
        )
        for start, end, mean, rise in edges
    )


def _us(seconds: float) -> int:
    return round(seconds * SECOND_US)


def idiomatic(seed: int, seconds: float, billing_slots: int = _BILLING) -> list[float]:
    """Return how long each lifecycle takes in an idiomatic SimPy model of the network, in seconds."""
    return simpy_idiom.play(seed, seconds, billing_slots)[1]


# --- our own, as peers ----------------------------------------------------------------------------------------------


def _ours(engine: str, seconds: float, replications: int, seed: int) -> None:
    """Play the network with one of our engines and print what it took, as its peers do."""
    from simulator.whatif import compiled_run, process
    from simulator.whatif.outcome import merged

    run, model = compiled_run.run if engine == "kernel" else process.run, network(seconds)
    run(network(60.0), 0)
    started = time.process_time()
    outcome = merged([run(model, seed + number) for number in range(replications)])
    spent = time.process_time() - started
    latency = outcome.sla("latency")
    told = {
        "engine": engine, "calls": outcome.totals["calls"], "lifecycles": latency.stopped, "cpu": spent,
        "p50": latency.histogram.quantile(0.5) / SECOND_US, "p95": latency.histogram.quantile(0.95) / SECOND_US,
    }  # fmt: skip
    print(json.dumps(told))


# --- side by side ---------------------------------------------------------------------------------------------------


def _commands(peers: Path | None, work: Path) -> dict[str, list[str]]:
    """Return how to start each engine; the arguments that follow are seconds, replications and a seed."""
    us = [sys.executable, "-m", "benchmarks.whatif", "--play"]
    found = {
        "kernel": [*us, "kernel"],
        "SimPy engine": [*us, "simpy"],
        "SimPy, idiomatic": [sys.executable, "-m", "benchmarks.q2cnet.simpy_idiom"],
    }
    compiler = shutil.which("g++")
    if compiler:
        binary = work / "plain"
        subprocess.run(
            [compiler, "-O3", "-o", str(binary), str(ROOT / "benchmarks/q2cnet/plain.cpp")], check=True
        )  # fmt: skip
        found["C++"] = [str(binary)]
    if peers is not None:
        python = str(peers / "bin" / "python")
        found |= {name: [python, "-m", f"benchmarks.q2cnet.{name}_net"] for name in PEERS}
    return found


def _compare(peers: Path | None, rounds: int, seconds: float) -> None:
    work = Path(os.environ.get("TMPDIR", "/tmp"))
    best: dict[str, dict[str, Any]] = {}
    for number in range(rounds):
        for name, command in _commands(peers, work).items():
            short = name in ("salabim", "ciw", "SimPy, idiomatic")
            arguments = [str(seconds / 5 if short else seconds), str(REPLICATIONS.get(name, 1)), str(1 + number)]
            done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{name}: {done.stderr.strip().splitlines()[-1:]}")
                continue
            told = json.loads(done.stdout.strip().splitlines()[-1])
            told["rate"] = told["calls"] / told["cpu"]
            if name not in best or told["rate"] > best[name]["rate"]:
                best[name] = told
    _show(best)


def _show(best: dict[str, dict[str, Any]]) -> None:
    base = best["SimPy, idiomatic"]["rate"]
    print(f"load average {os.getloadavg()[0]:.1f}")
    for name, told in sorted(best.items(), key=lambda row: row[1]["rate"]):
        print(
            f"{name:18s} {told['rate']:12,.0f} calls/s  x{told['rate'] / base:7.2f}  "
            f"p50 {told['p50']:.3f} s  p95 {told['p95']:.3f} s"
        )


# --- growth, a quarter ----------------------------------------------------------------------------------------------


def _growth() -> None:
    """Show what a lifecycle costs, and the memory, in runs that only get longer: the load stays the same."""
    import psutil

    from simulator.whatif import compiled_run

    compiled_run.run(_steady(1_000), 0)
    for lifecycles in (10_000, 100_000, 1_000_000, 10_000_000):
        started = time.process_time()
        outcome = compiled_run.run(_steady(lifecycles), 1)
        spent = time.process_time() - started
        memory = psutil.Process().memory_info().rss / 1e6
        ended = outcome.routes[0].counts["finished"]
        print(f"{ended:12,d} lifecycles  {spent / ended * 1e6:7.3f} us each  {memory:6.0f} MB", flush=True)


def _steady(lifecycles: int) -> Model:
    seconds = lifecycles / net.BASE_RATE
    model = network(seconds)
    steady = Piece(from_us=0, until_us=_us(seconds), expected=float(lifecycles))
    arrivals = Arrivals(name="orders", route="order", pieces=(steady,))
    return Model(**{name: getattr(model, name) for name in model.__struct_fields__} | {"arrivals": (arrivals,)})


def quarter(orders: int = 50_000) -> Model:
    """Return a whole quarter of a large company, as the model of a scenario."""
    from scenarios.library import find
    from simulator.whatif.translation import translate

    scenario = find("quarter_end_spike")
    world = scenario.world.model_copy(update={"orders_per_quarter": orders, "live_subscriptions": 2 * orders})
    rehearse = scenario.rehearse.model_copy(update={"weeks": 13})
    return translate(scenario.model_copy(update={"world": world, "rehearse": rehearse}))


def _one(model: Model, engine: str, seed: int) -> int:
    from simulator.whatif import compiled_run, process

    return (compiled_run.run if engine == "kernel" else process.run)(model, seed).totals["calls"]


def _quarters(replications: int) -> None:
    """Show what many replications take: of the reference network, and of a whole company with its contracts and bills.

    The SimPy engine plays two replications of the company only, one a core; what all would take is worked out.
    """
    models = {"reference network": network(SECONDS * 50_000 / _ORDERS), "preset large, 13 weeks": quarter()}
    _one(quarter(100), "kernel", 0)
    for name, model in models.items():
        for engine in ("kernel", "simpy"):
            played = min(2, replications) if engine == "simpy" and name != "reference network" else replications
            started = time.perf_counter()
            pool: ThreadPoolExecutor | ProcessPoolExecutor
            pool = ThreadPoolExecutor(2) if engine == "kernel" else ProcessPoolExecutor(2, get_context("spawn"))
            with pool:
                calls = sum(pool.map(_one, [model] * played, [engine] * played, range(played)))
            wall = (time.perf_counter() - started) * replications / played
            how = "took" if played == replications else f"would take, by {played},"
            print(
                f"{name:22s} {engine:6s} {replications} replications of {calls / played:,.0f} calls {how} {wall:.1f} s"
            )
            sys.stdout.flush()


def main(arguments: list[str] | None = None) -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", type=Path, help="make an environment of the peers here")
    parser.add_argument("--peers", type=Path, help="where it is")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--quarter", action="store_true")
    parser.add_argument("--replications", type=int, default=64)
    parser.add_argument("--play", choices=("kernel", "simpy"), help=argparse.SUPPRESS)
    given, rest = parser.parse_known_args(arguments)
    if given.play:
        _ours(given.play, float(rest[0]), int(rest[1]), int(rest[2]))
    elif given.install:
        venv.create(given.install, with_pip=True)
        subprocess.run([given.install / "bin/pip", "install", "-q", "numpy", "simpy", *PEERS.values()], check=True)
    elif given.growth:
        _growth()
    elif given.quarter:
        _quarters(given.replications)
    else:
        _compare(given.peers, given.rounds, given.seconds)


if __name__ == "__main__":
    main()
