"""Fixtures of our own for the client's own tests, whose source distribution comes without any.

This file is put beside them as their conftest.py: the names are those the tests ask for, the content is ours.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from src.avalara import AvataxClient
from src.avalara.transaction_builder import TransactionBuilder

HERE = {"line1": "9 Invented Way", "city": "Irvine", "region": "CA", "postalCode": "92614"}
THERE = {"line1": "7 Made-up Avenue", "city": "Seattle", "region": "WA", "postalCode": "98109"}


def _stranger() -> Any:
    return AvataxClient("test app", "ver 0.0", "test machine", "sandbox")


def _known() -> Any:
    client = _stranger()
    client.add_credentials(os.environ["SANDBOX_USERNAME"], os.environ["SANDBOX_PASSWORD"])
    return client


def _document(kind: str) -> dict[str, Any]:
    return {
        "type": kind, "companyCode": "DEFAULT", "customerCode": "A-1", "date": "2026-12-30", "currencyCode": "USD",
        "commit": False, "addresses": {"SingleLocation": {**HERE, "country": "US"}},
        "lines": [{"number": "1", "quantity": 1, "amount": 100, "itemCode": "PLAN", "taxCode": "SAAS"}],
    }  # fmt: skip


def _code_of_new(kind: str) -> str:
    code: str = _known().create_transaction(_document(kind)).json()["code"]
    return code


@pytest.fixture
def unauth_client() -> Any:
    return _stranger()


@pytest.fixture(scope="session")
def auth_client() -> Any:
    return _known()


@pytest.fixture
def mt_trans() -> Any:
    return TransactionBuilder(_known(), "DEFAULT", "SalesInvoice", "A-1")


@pytest.fixture
def valid_address() -> dict[str, str]:
    return dict(THERE)


@pytest.fixture
def ship_from_address() -> dict[str, str]:
    return dict(HERE)


@pytest.fixture
def tax_document() -> dict[str, Any]:
    return _document("SalesInvoice")


@pytest.fixture
def single_transaction() -> str:
    return _code_of_new("SalesInvoice")


@pytest.fixture
def single_transaction_purchase_invoice() -> str:
    return _code_of_new("PurchaseInvoice")


@pytest.fixture
def init_comp_model() -> dict[str, str]:
    return {**HERE, "country": "US", "name": "Invented Pottery", "companyCode": "DEFAULT"}
