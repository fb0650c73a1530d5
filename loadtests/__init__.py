"""Load: the timeline of a scenario as load for an integration, with Locust.

    profiles.py   the five loads of a scenario: steady, peak, invoices, storm, break
    settings.py   what a person asks for, by arguments and environment as Locust takes them
    shapes.py     how long Locust runs, and with how many drivers
    users.py      the driver: acts at their instants, open loop
    desk.py       the admin door of the mocks, asked by the load
    business.py   how long the business took, duplicates, backlog, from what the systems of record show
    hdr.py        percentiles up to 99.99 %, counted since an act was due
    stopping.py   when a load is stopped before its end
    knee.py       the load at which a service level breaks, with its confidence
    conducting.py one campaign: founding, levels, looking, stopping, the outcome
    locustfile.py `locust -f loadtests/locustfile.py`

Arrivals are open: each has its instant, whatever the integration does. Every campaign is bounded in time and count.
"""
