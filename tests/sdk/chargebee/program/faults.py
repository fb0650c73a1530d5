"""What faults do to the client: each of these is started apart, with its own plan."""

import os

import chargebee
from chargebee import Chargebee
from shop import KEEP, cb, client, raises


def retrying():
    retry = chargebee.retry_config.RetryConfig(enabled=True, max_retries=3, delay_ms=20, retry_on=[500, 502, 503, 504])
    found = client()
    found.update_retry_config(retry)
    return found


def fault_throttled_client_gives_up_without_retries():
    with raises(chargebee.OperationFailedError, "api_request_limit_exceeded", status=429):
        cb.Customer.create({"id": "t1"})


def fault_throttled_client_comes_again():
    # It is told `retry-after: 1` but looks for it in another attribute of its error and waits its own delay.
    assert retrying().Customer.create({"id": "t2"}).customer.id == "t2"


def fault_throttled_client_is_told_when_to_come_again():
    try:
        cb.Customer.create({"id": "t3"})
    except chargebee.OperationFailedError as error:
        KEEP["told"] = error.http_headers["retry-after"]
    assert KEEP["told"] == "1"


def fault_error_before_is_retried():
    assert retrying().Customer.create({"id": "e1"}).customer.id == "e1"


def fault_error_after_the_commit_is_replayed():
    made = retrying().Customer.create({"company": "Once"})
    assert made.is_idempotency_replayed
    assert len(cb.Customer.list({"company": {"is": "Once"}}).list) == 1


def fault_maintenance_is_an_operation_error():
    with raises(chargebee.OperationFailedError, "internal_temporary_error", status=503):
        cb.Customer.create({"id": "m1"})


def fault_key_in_progress():
    with raises(chargebee.APIError, "request_in_progress", status=409):
        cb.Customer.create({"id": "p1"}, headers={"chargebee-idempotency-key": "k"})


def over_https():
    """The same client over https by host name, through the proxy of its environment."""
    Chargebee.verify_ca_certs, Chargebee.ca_cert_path = True, os.environ["CA_BUNDLE"]
    found = Chargebee(api_key="test_key", site="acme-test")
    assert found.Customer.create({"id": "tls"}).customer.id == "tls"
    assert found.Customer.retrieve("tls").customer.id == "tls"
    with raises(chargebee.APIError, "api_authentication_failed", status=401):
        Chargebee(api_key="live_key", site="acme").Customer.list()
