"""Identity: what is known of a party, and the normal forms in which two spellings of one fact become equal."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import msgspec

_FORMS_OF_LAW = (
    "ab ag as bv co corp corporation company ev eg gbr gmbh inc incorporated kg kgaa kk limited llc llp lp ltd mbh nv "
    "ohg oy plc pty sa sarl sas se spa srl stiftung ug"
)
LEGAL_FORMS = frozenset(_FORMS_OF_LAW.split())
"""Words of a name that say in which legal form a company is, not which company it is."""

_JAPANESE_FORMS = ("株式会社", "有限会社", "合同会社", "合資会社")
GENERIC_WORDS = frozenset({"group", "holding", "holdings", "international", "services", "solutions"})
"""Words that many companies add to their name and leave out again."""

_FILLING = frozenset({"the", "and", "und", "et"})

FREE_MAIL_HOSTS = frozenset({"gmail.com", "outlook.com", "yahoo.com", "gmx.de", "web.de", "icloud.com"})
"""Domains that many parties share: they identify nobody."""

_NOT_WORD = re.compile(r"[^\w]+")
_HOST = re.compile(r"^(?:\w+://)?(?:[^@/]*@)?(?:www\.)?([^/:?#]+)")
_STREET_WORDS = {"street": "st", "strasse": "str", "avenue": "ave", "road": "rd", "boulevard": "blvd", "suite": "ste"}


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a party under one external id; an empty field is not known."""

    id: str
    name: str
    entity: str = ""
    currency: str = ""
    country: str = ""
    region: str = ""
    postal_code: str = ""
    city: str = ""
    street: str = ""
    tax_id: str = ""
    duns: str = ""
    website: str = ""


class Normal(msgspec.Struct, frozen=True):
    """The normal forms of an identity. `core` is the name without legal form and generic words, words in order."""

    name: str
    core: str
    generic: frozenset[str]
    numbers: tuple[str, ...]
    street: str
    place: tuple[str, str]
    tax_id: str
    duns: str
    domain: str


@lru_cache(maxsize=4096)
def normal(identity: Identity) -> Normal:
    """Return the normal forms of an identity.

    >>> normal(Identity(id="A-1", name="Müller & Söhne GmbH & Co. KG", tax_id="de 123.456.789")).core
    'muller sohne'
    """
    words = name_words(identity.name)
    core = [word for word in words if word not in LEGAL_FORMS and word not in GENERIC_WORDS] or words
    return Normal(
        name=" ".join(words),
        core=" ".join(core),
        generic=frozenset(words) & GENERIC_WORDS,
        numbers=tuple(sorted(word for word in words if word.isdigit())),
        street=" ".join(_STREET_WORDS.get(word, word) for word in words_of(identity.street)),
        place=("".join(words_of(identity.postal_code)), " ".join(words_of(identity.city))),
        tax_id=identifier(identity.tax_id),
        duns=identifier(identity.duns),
        domain=domain_of(identity.website),
    )


def words_of(text: str) -> list[str]:
    """Return the words of a text without case, accents and punctuation."""
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss")).casefold()
    plain = unicodedata.normalize("NFC", "".join(char for char in folded if unicodedata.category(char) != "Mn"))
    return [word for word in _NOT_WORD.sub(" ", plain.replace(".", "").replace("'", "")).split() if word]


def name_words(name: str) -> list[str]:
    """Return the words of a company's name; Japanese legal forms are written without a space and taken off first."""
    for form in _JAPANESE_FORMS:
        name = name.replace(form, " ")
    return [word for word in words_of(name) if word not in _FILLING]


def identifier(text: str) -> str:
    """Return a tax id or a D-U-N-S number as letters and digits only.

    >>> identifier("DE 123.456-789")
    'DE123456789'
    """
    return "".join(char for char in text.upper() if char.isalnum())


def domain_of(website: str) -> str:
    """Return the host of a web or mail address; empty for a host that identifies nobody.

    >>> domain_of("https://www.acme.example/en"), domain_of("sales@gmail.com")
    ('acme.example', '')
    """
    found = _HOST.match(website.strip().lower())
    host = found.group(1) if found else ""
    return "" if host in FREE_MAIL_HOSTS or "." not in host else host
