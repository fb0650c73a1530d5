"""The relay: events leave the log for a broker as CloudEvents, at least once and in order.

    cloud_event    cloud_event, encoded: an event of the log in its envelope
    publisher      Publisher, Unavailable, Poison, open_publisher: one broker of several kinds, loaded when configured
    relay          Relay: from the log to the publisher, its cursor behind the broker's acknowledgement
    withheld       the flow of an event that no broker takes: a case, and what becomes of its subject meanwhile

Only `publisher` needs FastStream (extra `events`); all else works without.
"""
