"""Two people act at once: one is first, the other is told who; with two processes on one database, too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Barrier

import httpx

from tests.live import Mocks, Service, Shop, until
from tests.trouble.people import ONE_OF_EACH, client, counts, settled, staffed

NAMES = ("ada", "grace")
Numbers = Callable[[], str]


@contextmanager
def _offices(folder: Path, mocks: Mocks, port: int, database: str, **environment: str) -> Iterator[list[httpx.Client]]:
    """Run the integration and yield a client of each person: on PostgreSQL each at a process of their own."""
    staff = staffed(folder, *NAMES)
    with ExitStack() as stack:
        services = [
            stack.enter_context(Service.up(folder, mocks, *staff, port=port, database=database, **environment))
        ]  # fmt: skip
        if database.startswith("postgresql:"):
            services.append(
                stack.enter_context(Service.up(folder, mocks, *staff, database=database, name="second", **environment))
            )
        yield [stack.enter_context(client(services[at % len(services)], name)) for at, name in enumerate(NAMES)]


def _at_once(people: list[httpx.Client], path: str, body: dict[str, str]) -> list[httpx.Response]:
    """Have all people ask for the same at the same instant."""
    start = Barrier(len(people))

    def ask(person: httpx.Client) -> httpx.Response:
        start.wait()
        return person.post(path, json=body)

    with ThreadPoolExecutor(len(people)) as threads:
        return list(threads.map(ask, people))


def test_of_two_people_one_acts_and_the_other_is_told_who(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers, database: str
) -> None:
    each, key = number(), tmp_path / "key"
    key.write_text("revoked")
    with _offices(tmp_path, mocks, port, database, Q2C_PAYMENT_SECRET_FILE=str(key)) as people:
        shop.signs(each)
        path = f"/exceptions?transaction={each}"
        (case,) = until(lambda: people[0].get(path).json()["cases"], "the case")
        way = f"/exceptions/{case['id']}"

        taken = _at_once(people, f"{way}/take", {})
        assert sorted(reply.status_code for reply in taken) == [200, 409], [reply.text for reply in taken]
        winner = people[0].get(way).json()["assignee"]
        first, second = people if winner == NAMES[0] else people[::-1]
        (refused,) = [reply.json() for reply in taken if reply.status_code == 409]
        assert winner in refused["detail"]

        key.with_suffix(".new").write_text("sk_test_rotated")
        key.with_suffix(".new").replace(key)
        retried = second.post(f"{way}/retry", json={"note": "mine"})
        assert (retried.status_code, winner in retried.json()["detail"]) == (409, True)
        time.sleep(1.5)  # a file is looked at once a second
        first.post(f"{way}/hand-over", json={"note": "who is free?"}).raise_for_status()

        until(lambda: _retried_once(people, way), "one retry")
        settled(shop, each)
        until(lambda: not first.get(path).json()["cases"], "the end of the case")
    assert counts(mocks, each) == ONE_OF_EACH


def _retried_once(people: list[httpx.Client], way: str) -> bool:
    """Have both retry at once, and tell whether the case is over; never do both of them succeed."""
    replies = _at_once(people, f"{way}/retry", {"note": "new key"})
    done = [reply for reply in replies if reply.status_code in (200, 202)]
    assert len(done) <= 1, [reply.text for reply in replies]
    refusals = [reply.json()["detail"] for reply in replies if reply.status_code == 409]
    assert len(refusals) == len(people) - len(done), [reply.text for reply in replies]
    return not people[0].get(way).json()["open"]
