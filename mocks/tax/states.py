"""The states of the US: their names, and the ranges of prefixes of their postal codes, as is public record."""

from __future__ import annotations

from functools import cache

_STATES = """
AL Alabama               350-369        AK Alaska                995-999        AZ Arizona               850-865
AR Arkansas              716-729        CA California            900-961        CO Colorado              800-816
CT Connecticut           060-069        DE Delaware              197-199        DC District_of_Columbia  200-205
FL Florida               320-349        GA Georgia               300-319,398-399  HI Hawaii              967-968
ID Idaho                 832-838        IL Illinois              600-629        IN Indiana               460-479
IA Iowa                  500-528        KS Kansas                660-679        KY Kentucky              400-427
LA Louisiana             700-714        ME Maine                 039-049        MD Maryland              206-219
MA Massachusetts         010-027        MI Michigan              480-499        MN Minnesota             550-567
MS Mississippi           386-397        MO Missouri              630-658        MT Montana               590-599
NE Nebraska              680-693        NV Nevada                889-898        NH New_Hampshire         030-038
NJ New_Jersey            070-089        NM New_Mexico            870-884        NY New_York              100-149
NC North_Carolina        270-289        ND North_Dakota          580-588        OH Ohio                  430-459
OK Oklahoma              730-749        OR Oregon                970-979        PA Pennsylvania          150-196
RI Rhode_Island          028-029        SC South_Carolina        290-299        SD South_Dakota          570-577
TN Tennessee             370-385        TX Texas                 750-799,885-885  UT Utah                840-847
VT Vermont               050-059        VA Virginia              220-246        WA Washington            980-994
WV West_Virginia         247-268        WI Wisconsin             530-549        WY Wyoming               820-831
"""
_ROWS = list(zip(*[iter(_STATES.split())] * 3, strict=True))
NAMES = {code: name.replace("_", " ") for code, name, _ in _ROWS}


@cache
def _by_prefix() -> dict[str, str]:
    found = {}
    for code, _, ranges in _ROWS:
        for pair in ranges.split(","):
            first, last = pair.split("-")
            for prefix in range(int(first), int(last) + 1):
                found[f"{prefix:03}"] = code
    return found


def state_of(postal: str) -> str:
    """Return the state that a ZIP code lies in, empty when it lies in none."""
    return _by_prefix().get(postal[:3], "")


def state_named(text: str) -> str:
    """Return the code of a state from its name or its code, empty when there is none."""
    wanted = text.strip().casefold()
    return next((code for code, name in NAMES.items() if wanted in (code.casefold(), name.casefold())), "")
