"""Names and addresses from Faker, in the language of the country. Seeded per block of names, never the global random.

A pool of 384 names per country (some 2,000 in all) is made block by block as it is needed and reused with a suffix
beyond that, because Faker makes some five thousand names a second and a run may want a hundred thousand.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from faker import Faker

BLOCK = 64
POOL = 384

PROVIDERS = ["faker.providers.address", "faker.providers.company", "faker.providers.person"]
"""What a name is made of: with all that Faker has, each country would cost 20 ms once a process."""
LOCALES = {"US": "en_US", "GB": "en_GB", "DE": "de_DE", "FR": "fr_FR", "JP": "ja_JP"}


class Identity(NamedTuple):
    """A company, its street and the person who signs for it."""

    company: str
    street: str
    person: str


class Town(NamedTuple):
    """A town that suits the tax regions: region is the state in the US, empty elsewhere."""

    region: str
    city: str
    postal_code: str


TOWNS: dict[str, tuple[Town, ...]] = {
    "US": (
        Town("CA", "San Francisco", "94105"),
        Town("CA", "Los Angeles", "90012"),
        Town("NY", "New York", "10001"),
        Town("NY", "Buffalo", "14202"),
        Town("TX", "Austin", "78701"),
        Town("TX", "Houston", "77002"),
        Town("WA", "Seattle", "98101"),
        Town("MA", "Boston", "02108"),
        Town("IL", "Chicago", "60601"),
    ),
    "GB": (Town("", "London", "EC2A 4NE"), Town("", "Manchester", "M1 4BT"), Town("", "Edinburgh", "EH2 2AD")),
    "DE": (Town("", "Berlin", "10115"), Town("", "Hamburg", "20095"), Town("", "München", "80331")),
    "FR": (Town("", "Paris", "75002"), Town("", "Lyon", "69002")),
    "JP": (Town("", "東京都", "100-0005"), Town("", "大阪市", "530-0001")),
}


@lru_cache(maxsize=len(LOCALES))
def _faker(country: str) -> Faker:
    return Faker(LOCALES[country], providers=PROVIDERS)


@lru_cache(maxsize=len(LOCALES) * POOL // BLOCK)
def _block(country: str, number: int) -> tuple[Identity, ...]:
    faker = _faker(country)
    faker.seed_instance(1_000 + number)
    return tuple(
        Identity(faker.company(), faker.street_address().replace("\n", ", "), faker.name()) for _ in range(BLOCK)
    )


def identity(country: str, serial: int) -> Identity:
    """Return the identity of a serial number in a country; numbers beyond the pool repeat it with a suffix."""
    again, index = divmod(serial, POOL)
    found = _block(country, index // BLOCK)[index % BLOCK]
    return found._replace(company=f"{found.company} {again + 1}") if again else found
