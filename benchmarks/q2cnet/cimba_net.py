"""Cimba at its leanest: a coroutine per lifecycle that holds once per attempt; starts are computed from free slots."""

import time

import cimba as cb
import cimba.random as draws
import numpy as np

from benchmarks.q2cnet import parameters as net

STEP = np.array(net.STEPS)
SLOTS = np.array([each.slots for each in net.SERVICES])
FIRST = np.array([sum(each.slots for each in net.SERVICES[:place]) for place in range(len(net.SERVICES) + 1)])
TIMEOUT = np.array([each.timeout for each in net.SERVICES])
MU, SIGMA = np.array([each[0] for each in net.TIMES]), np.array([each[1] for each in net.TIMES])
ALL, CLERKS = int(FIRST[-1]), net.CLERKS
TOUCH_MU, TOUCH_SIGMA = net.TOUCH
PEAK, RATE, BURST, REFUSED, REJECTED = net.PEAK, net.ERP_RATE, net.ERP_BURST, net.REFUSED, net.REJECTED
PAUSE, LONGEST, HIGHEST = net.PAUSE, net.PAUSE_LONGEST, net.BASE_RATE * net.PEAK
import sys  # noqa: E402

SECONDS = float(sys.argv[1])
OUTAGE, OUTAGE_END = net.OUTAGE_FROM * SECONDS, net.OUTAGE_FROM * SECONDS + net.OUTAGE_LASTS


class Lifecycle(cb.Model):
    """One quote on its way."""

    network: cb.Ref["Network"]

    @cb.process
    def run(self):  # noqa: C901, PLR0915 (Cimba compiles one function)
        began, all_, step = cb.now(), self.network, 0
        while step < 10:
            attempt = 0
            while True:
                service, now, good, back, known = STEP[step], cb.now(), False, 0.0, False
                all_.calls += 1
                if service == 3:
                    tokens = min(BURST, all_.tokens + (now - all_.filled_at) * RATE)
                    all_.filled_at = now
                    if tokens < 1.0:
                        all_.tokens, back, known = tokens, REFUSED, True
                    else:
                        all_.tokens = tokens - 1.0
                elif service == 4 and now >= OUTAGE and now < OUTAGE_END:
                    back, known = REJECTED, True
                if not known:
                    first = FIRST[service]
                    best, start = first, all_.free[first]
                    for place in range(1, SLOTS[service]):
                        if all_.free[first + place] < start:
                            start, best = all_.free[first + place], first + place
                    if start < now:
                        start = now
                    back = TIMEOUT[service]
                    if start - now < back:
                        done = start + draws.lognormal(MU[service], SIGMA[service])
                        all_.free[best] = done
                        if done - now <= back:
                            back, good = done - now, True
                cb.hold(back)
                if good:
                    break
                if attempt < 5:
                    cb.hold(draws.uniform(0.0, 1.0) * min(LONGEST, PAUSE * 2.0**attempt))
                    attempt += 1
                else:
                    attempt, now = 0, cb.now()
                    best, start = ALL, all_.free[ALL]
                    for place in range(1, CLERKS):
                        if all_.free[ALL + place] < start:
                            start, best = all_.free[ALL + place], ALL + place
                    if start < now:
                        start = now
                    done = start + draws.lognormal(TOUCH_MU, TOUCH_SIGMA)
                    all_.free[best] = done
                    cb.hold(done - now)
            step += 1
        all_.latencies.record(cb.now() - began)
        cb.release(self)


class Network(cb.Model):
    """The services and those who come."""

    free: cb.Array[float] = cb.Array(ALL + CLERKS)
    latencies: cb.Dataset = cb.Dataset()
    tokens: float = BURST
    filled_at: float = 0.0
    calls: cb.Output[int]
    mean: cb.Output[float]

    @cb.process
    def arrivals(self):
        while True:
            cb.hold(draws.exponential(1.0 / HIGHEST))
            now = cb.now()
            if now >= SECONDS:
                break
            part, multiple = now / SECONDS, 1.0
            if part >= 0.6:
                if part < 0.8:
                    multiple = 1.0 + (PEAK - 1.0) * (part - 0.6) / 0.2
                elif part < 0.9:
                    multiple = PEAK
            if draws.uniform(0.0, 1.0) * PEAK < multiple:
                cb.spawn(Lifecycle, network=self)

    @cb.on_end
    def finish(self):
        self.mean = self.latencies.sample_mean()


def _played(replications, seed):
    model = Network()
    model.latencies.capture()
    until_idle = cb.Window.until_idle()
    return cb.Experiment(model, replications=replications, window=until_idle, seed=seed).run()[model]


if __name__ == "__main__":
    _played(1, 1)
    count, seed = int(sys.argv[2]), int(sys.argv[3])
    started = time.process_time()
    result = _played(count, seed)
    spent = time.process_time() - started
    latencies = np.sort(np.concatenate([result.latencies.trial(0, number)[1] for number in range(count)]))
    print(
        net.json.dumps(
            {
                "engine": "Cimba, lean",
                "calls": int(sum(result.calls[0, number] for number in range(count))),
                "lifecycles": len(latencies),
                "cpu": spent,
                "p50": float(latencies[len(latencies) // 2]),
                "p95": float(latencies[len(latencies) * 95 // 100]),
            }
        )
    )
