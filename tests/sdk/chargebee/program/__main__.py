"""An integration with Chargebee's own client, as a team would write it: each check is one thing it does.

It runs in a Python of its own. `python program <check> ...` prints one JSON object a line: the check and what went
wrong in it (nothing when all is well). What one check makes the later ones use.
"""

import json
import sys
import traceback

import catalogue
import customers
import events
import faults
import invoices
import subscriptions

MODULES = (catalogue, customers, subscriptions, invoices, events, faults)


def main(names):
    checks = {name: check for module in MODULES for name, check in vars(module).items()}
    for name in names:
        error = None
        try:
            checks[name]()
        except BaseException:
            error = traceback.format_exc(limit=-3)
        print(json.dumps({"check": name, "error": error}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
