"""A model whose truth is known: urns. A replication draws from keyed chance, and every expectation is a formula."""

from __future__ import annotations

import json
import math
import threading
from hashlib import blake2b
from pathlib import Path

from domain.draws import Draws
from simulator.experiments.replications import Laboratory, Model, Rule
from simulator.experiments.store import Store

RULE = Rule(relative=0.05, minimum=10, maximum=400)
calls: list[tuple[float, int]] = []
"""(slots, seed) of every replication that was computed in this process."""
_lock = threading.Lock()


def urn(slots: float, noise: float = 1.0, own: float = 0.0) -> Model:
    """Return an urn with so many slots; `own` is noise that no two urns share."""
    body = json.dumps({"slots": slots, "noise": noise, "own": own}).encode()
    return Model(blake2b(body, digest_size=16).hexdigest(), body)


def draw(body: bytes, seed: int) -> bytes:
    """Compute a replication.

    wait: 100/slots, plus a shared normal times `noise` and an own one times `own`; kept: the share 1 - exp(-slots/4),
    plus shared noise of a thousandth; rare: only there for even seeds.
    """
    said = json.loads(body)
    with _lock:
        calls.append((said["slots"], seed))
    chance = Draws(seed)
    shared = math.log(chance.lognormal(1.0, math.exp(1.6448536269514722), "shared"))
    own = math.log(chance.lognormal(1.0, math.exp(1.6448536269514722), "own", said["slots"]))
    found = {
        "wait": 100 / said["slots"] + said["noise"] * shared + said["own"] * own,
        "kept": 1 - math.exp(-said["slots"] / 4) + shared / 1000,
    }
    if seed % 2 == 0:
        found["rare"] = 1.0
    return json.dumps(found).encode()


def read(kept: bytes) -> dict[str, float]:
    """Return what a replication says."""
    found: dict[str, float] = json.loads(kept)
    return found


def laboratory(seed: int = 7, folder: Path | None = None) -> Laboratory:
    """Return a laboratory for urns."""
    return Laboratory(replicate=draw, read=read, seed=seed, store=Store(folder))
