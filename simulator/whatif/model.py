"""The model of a what-if run: stations, routes, arrivals and service levels as plain frozen values.

Every time is an integer in microseconds since the model's own zero (`origin_us` says which instant that is). A model
prints, compares, serialises to JSON and hashes; both engines play nothing but a model and a seed.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

import msgspec

from domain.calendar import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from simulator.whatif.durations import Duration
from simulator.whatif.trouble import NEVER_US, Brownout, Death, Faults, Incidents, Window

VERSION = 7
"""Of the description, and of what is drawn for one: the outcomes of another version are other ones."""


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a model."""


class Limit(_Value, frozen=True, kw_only=True):
    """How many calls may begin: an even pace with a burst (token bucket), or a quota per fixed window.

    `requests` in `per_us`; of a token bucket `burst` at once. What is over it is refused (429), or waits its turn where
    the caller paces itself. It holds in [from_us, until_us); several limits hold together. A window's quota refuses.
    """

    requests: int
    per_us: int
    burst: int = 1
    kind: Literal["bucket", "window"] = "bucket"
    excess: Literal["refuse", "wait"] = "refuse"
    from_us: int = 0
    until_us: int = NEVER_US


class Breaker(_Value, frozen=True, kw_only=True):
    """Opens when a share of the latest calls fails; then one probe at a time, ever rarer, until one succeeds.

    While it is open calls wait, first come first served; no attempt is used up. Same rules as the reference
    integration's: the latest calls are those of this half of the window and of the half before. The probe is the one
    call of the route `probe`, whether anybody waits or not; without such a route it is the first call that waits.
    """

    error_percent: int = 50
    window_us: int = MINUTE_US
    calls_min: int = 5
    open_us: int = MINUTE_US
    open_longest_us: int = 15 * MINUTE_US
    probe: str = ""


class Budget(_Value, frozen=True, kw_only=True):
    """Retries are earned: a percentage of first attempts, and so many a minute always; the others wait their turn.

    A retry that waits has reserved its place in the minute's allowance; at most `saved_max` are saved up.
    """

    percent: int = 10
    per_minute: int = 10
    saved_max: int = 100


class Batch(_Value, frozen=True, kw_only=True):
    """Work begins only at fixed instants: every `cycle_us` from `opens_us` until `closes_us` of each day (inclusive).

    Times of day are those of the model's own days; day 0 begins at `offset_us` (a zone, say).
    """

    opens_us: int = 0
    closes_us: int = DAY_US
    cycle_us: int = HOUR_US
    offset_us: int = 0


class Shift(_Value, frozen=True, kw_only=True):
    """From an instant on a station has so many slots: working hours, changing licences. Running work goes on."""

    from_us: int
    slots: int


class Station(_Value, frozen=True, kw_only=True):
    """Whatever does work: a system's API with its slots, or people.

    `slots` work at once (0: any number) and callers queue, unless `overflow` refuses them (429); `shifts` change that
    over time, and `priority` serves lower lanes first. Work is slower under load: times 1 / (1 - busy / load_slots), at
    most `load_longest` (0 slots: never); who waits for an answer that does not come is no load.
    `patience` says when a step's timeout starts to run: with the call, so that waiting callers give up, or with the
    start, where the caller keeps a pool of slots itself and sends only what may start. A call that was given up while
    it ran goes on and keeps its slot (maybe done), unless `abandoned` frees it. An answer travels `travel_us` after the
    work. Refusals take `refusal_us` and ask for a pause of `retry_after_us`, which holds every caller when
    `holds_all`. A caller's `breaker` and `budget` belong to the station they guard.
    """

    name: str
    service: Duration
    kind: Literal["system", "people"] = "system"
    slots: int = 0
    shifts: tuple[Shift, ...] = ()
    discipline: Literal["fifo", "priority"] = "fifo"
    overflow: Literal["waits", "refuses"] = "waits"
    patience: Literal["call", "start"] = "call"
    abandoned: Literal["keeps", "frees"] = "keeps"
    load_slots: int = 0
    load_longest: float = 10.0
    limits: tuple[Limit, ...] = ()
    refusal_us: int = 20_000
    retry_after_us: int = 0
    holds_all: bool = False
    travel_us: int = 0
    outages: tuple[Window, ...] = ()
    brownouts: tuple[Brownout, ...] = ()
    incidents: Incidents | None = None
    faults: Faults = Faults()
    breaker: Breaker | None = None
    budget: Budget | None = None
    batch: Batch | None = None

    @property
    def is_queue(self) -> bool:
        """Whether it needs a real queue: priorities or changing capacity; else a heap of free slots tells all."""
        return self.discipline == "priority" or bool(self.shifts)


class Retry(_Value, frozen=True, kw_only=True):
    """How often and how patiently a call is repeated: an exponential ceiling, with full jitter or none.

    The pause after attempt n is `base_us` * 2 ** (n - 1), at most `cap_us`. With `restart_every` the ceiling starts
    anew after so many attempts, as when one retrying layer is stacked on another.
    """

    attempts: int = 1
    base_us: int = 2 * SECOND_US
    cap_us: int = 15 * MINUTE_US
    jitter: Literal["full", "none"] = "full"
    restart_every: int = 0


class Known(_Value, frozen=True, kw_only=True):
    """What a step finds out and everybody knows then: a token, a customer. While it is known the step is left out.

    It is about one of `of` things, all as likely: the step's draw (its `choice`) says which one. It is known from the
    beginning of the step on, for `lasts_us`; steps that find the same share what they know. What is only `in_memory` is
    forgotten when the callers' process dies.
    """

    name: str
    of: int = 1
    lasts_us: int = NEVER_US
    in_memory: bool = False

    def most(self, within_us: int) -> float:
        """Return how often it has to be found out at most in so much time."""
        return self.of * (1.0 + within_us / self.lasts_us)


class Step(_Value, frozen=True, kw_only=True):
    """One step of a route: a call of a station, a pause, or the start of another route.

    With `station` it is a call: `service` replaces the station's duration, `timeout_us` (0: none) bounds it, `lane` is
    its priority (0 first). With `pause` it is a wait (from the mark `since` on, if it is given: what has begun then may
    be over already; or of `days` of banks, see below), with `starts` it begins that route for the same lifecycle, and
    goes on. `mode` outbox: the route goes on at once and the call is made on its own clock. `share` of them do it;
    steps of one `choice` share a draw, of which each takes the part from `share_from` on, so that they exclude or
    include one another. With `finds` those of them do it that find it unknown; from `until_us` on nobody does it.

    With `looks` nobody knows after a lost answer whether the work is done, so it is looked up before the call is made
    again: a read that takes so long, with attempts of its own. So it is when a call that may have left before would be
    repeated after `repeat_by_us` (0: at any time), when its station no longer knows a repeat as one. The first
    `fruitless` of its draw ask for what is not there: nothing is done, so that no fault strikes after the work.

    A bank's pause counts `business` days, or `calendar` days and on to the next business day, from the day it begins
    on; what it has beyond whole days is the time of that day. Banks have the days of UTC and rest at weekends. One that
    would be over already lasts `at_once_us`.

    When attempts are exhausted: `people` mend it and it is tried anew (dead letter); `again`: tried once more every
    `again_us`; `skip`: done without (a cached estimate); `lost`: nobody notices, the lifecycle ends there. What is
    `invalid_share` is refused for its content at once, and goes to the people (or is lost). A repeat of a call whose
    work was done already changes nothing when it is `idempotent`; else it doubles the work (a duplicate).
    A `mark` is stamped on the lifecycle when the step is done. It says when the work of a call was done first, as its
    station's own books do: a caller whose answer was lost learns it later.
    """

    name: str
    station: str = ""
    pause: Duration | None = None
    since: str = ""
    days: Literal["any", "business", "calendar"] = "any"
    at_once_us: int = 0
    starts: str = ""
    service: Duration | None = None
    timeout_us: int = 0
    retry: Retry = Retry()
    lane: int = 0
    mode: Literal["synchronous", "outbox"] = "synchronous"
    share: float = 1.0
    share_from: float = 0.0
    choice: str = ""
    finds: Known | None = None
    until_us: int = NEVER_US
    idempotent: bool = True
    looks: Duration | None = None
    repeat_by_us: int = 0
    fruitless: float = 0.0
    invalid_share: float = 0.0
    exhausted: Literal["people", "again", "skip", "lost"] = "people"
    again_us: int = 15 * MINUTE_US
    mark: str = ""


class Route(_Value, frozen=True, kw_only=True):
    """A kind of lifecycle: its steps in order; `begins` is stamped at its start and `ends` at its end.

    `amount` is what one is worth, in minor units (a `Duration` used as a distribution of money).
    """

    name: str
    steps: tuple[Step, ...]
    begins: str = ""
    ends: str = ""
    amount: Duration | None = None


class Piece(_Value, frozen=True, kw_only=True):
    """A stretch of time with so many arrivals expected: evenly, or rising to `rise` times the first intensity."""

    from_us: int
    until_us: int
    expected: float
    rise: float = 1.0


class Arrivals(_Value, frozen=True, kw_only=True):
    """When lifecycles of a route begin: a Poisson process of `pieces`, or a run of `count` from `at_us` on, `every_us`.

    With `follows` an arrival brings another with that probability, at most `batch_max` in all, within `batch_us`.
    `cutoff_us` is the instant that must be made (0: none): what begins before it and is marked later is late.
    """

    name: str
    route: str
    pieces: tuple[Piece, ...] = ()
    at_us: int = 0
    count: int = 0
    every_us: int = 0
    follows: float = 0.0
    batch_max: int = 1
    batch_us: int = 0
    cutoff_us: int = 0


class Sla(_Value, frozen=True, kw_only=True):
    """A service level: from one mark to another, within a bound for a share of lifecycles.

    Only clocks that start in [since_us, until_us) count, of the routes in which the marks are stamped. With `by_cutoff`
    the window of a lifecycle that has a cut-off is as long and ends with that. Several of one name, with other marks,
    are one service level.
    """

    name: str
    begins: str
    ends: str
    bound_us: int
    share: float = 0.95
    since_us: int = 0
    until_us: int = NEVER_US
    by_cutoff: bool = False


class Repair(_Value, frozen=True, kw_only=True):
    """Who mends dead letters: a station of people; some cases then wait for an answer from outside.

    `automatic_share` is mended without anybody, at once.
    """

    station: str
    outside_share: float = 0.0
    outside: Duration | None = None
    automatic_share: float = 0.0


class Parameter(_Value, frozen=True, kw_only=True):
    """A figure the model was made of, for the report: where it comes from (published, estimate, derived, yours)."""

    name: str
    value: str
    source: Literal["published", "estimate", "derived", "yours"] = "estimate"


class Model(_Value, frozen=True, kw_only=True):
    """Everything a run is a function of, the seed apart.

    `end_us` bounds the run: what is not done by then is unfinished. `bucket_us` is the grain of the series.
    """

    name: str
    stations: tuple[Station, ...]
    routes: tuple[Route, ...]
    arrivals: tuple[Arrivals, ...]
    slas: tuple[Sla, ...] = ()
    repair: Repair | None = None
    deaths: tuple[Death, ...] = ()
    end_us: int = 91 * DAY_US
    bucket_us: int = HOUR_US
    origin_us: int = 0
    parameters: tuple[Parameter, ...] = ()
    version: int = VERSION

    @property
    def buckets(self) -> int:
        """Return how many buckets its series have."""
        return max(1, -(-self.end_us // self.bucket_us))

    def station(self, name: str) -> Station:
        """Return a station by its name."""
        return next(station for station in self.stations if station.name == name)

    def route(self, name: str) -> Route:
        """Return a route by its name."""
        return next(route for route in self.routes if route.name == name)

    def digest(self) -> str:
        """Return a hash of everything that can change a result; what is only said for people does not count."""
        bare = msgspec.structs.replace(self, name="", parameters=())
        return blake2b(msgspec.json.encode(bare), digest_size=16).hexdigest()


_decoder = msgspec.json.Decoder(Model)


def encode(model: Model) -> bytes:
    """Return a model as JSON."""
    return msgspec.json.encode(model)


def decode(text: bytes | str) -> Model:
    """Return a model from JSON; raise ValueError when it is none, or one of another version."""
    model = _decoder.decode(text)
    if model.version != VERSION:
        raise ValueError(f"the model is of version {model.version}; this program plays version {VERSION}")
    return model
