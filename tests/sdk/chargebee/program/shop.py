"""The site that all checks work with, and what they leave each other."""

import os
import time

from chargebee import Chargebee

DAY = 86_400
KEEP = {}


def client():
    Chargebee.verify_ca_certs = False
    return Chargebee(api_key="test_key", site="127.0.0", chargebee_domain=f"1:{os.environ['PORT']}", protocol="http")


cb = client()


def now():
    """The site's own time: that of its latest event or of this machine."""
    return KEEP.get("now", int(time.time()))


def raises(kind, code, param=None, status=None):
    """Return a context in which an error of a kind, with a code, must occur."""
    return _Raises(kind, code, param, status)


class _Raises:
    def __init__(self, kind, code, param, status):
        self.kind, self.code, self.param, self.status = kind, code, param, status

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _trace):
        assert kind is not None, f"{self.kind.__name__} was expected"
        if not isinstance(error, self.kind):
            return False
        assert error.api_error_code == self.code, (error.api_error_code, str(error))
        assert self.status in (None, error.http_status_code), error.http_status_code
        if self.param:
            assert error.param == self.param, error.param
        return True


def items(*rows):
    """Return item prices with their quantities, None for metered ones, as requests have them."""
    return [
        {"item_price_id": key, "quantity": quantity} if quantity else {"item_price_id": key} for key, quantity in rows
    ]
