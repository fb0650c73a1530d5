"""Reaching a service before it is fuzzed: whether anybody answers in HTTP at all, and the hook that resets it."""

from __future__ import annotations

import httpx

from contracts.fuzzing.settings import Hook, Settings, Unusable


def answers(url: str, settings: Settings) -> None:
    """Return when somebody answers at an address, whatever it is; raise Unusable."""
    _asked("GET", url, settings.headers, settings.timeout_seconds, "nothing could be tried")


def brought_back(hook: Hook, timeout_seconds: float) -> None:
    """Send the hook that resets a service; raise Unusable when it does not say that it did."""
    reply = _asked(hook.method, hook.url, hook.headers, timeout_seconds, "the service could not be reset")
    if not reply.is_success:
        said = " ".join(reply.text.split())[:120]
        raise Unusable(f"{hook.url}: the service was not reset: {reply.status_code} {said}")


def _asked(method: str, url: str, headers: object, timeout_seconds: float, so: str) -> httpx.Response:
    try:
        return httpx.request(method, url, headers=dict(headers), timeout=timeout_seconds, trust_env=False)  # type: ignore[call-overload]
    except httpx.ConnectError as error:
        raise Unusable(f"{url}: nobody answers there ({error}); {so}.") from None
    except httpx.TimeoutException:
        raise Unusable(f"{url}: no answer within {timeout_seconds:g} seconds; {so}.") from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise Unusable(f"{url}: what answers there does not speak HTTP ({error}); {so}.") from None
