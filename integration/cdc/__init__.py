"""Change data capture: the CRM's stream of changes as another way to learn what its messages tell.

bayeux      the protocol (Bayeux by long polling) as a state machine without a connection
changes     what an event means: messages of the same kind as webhooks, under the same flow ids
subscriber  the connection: signs in, listens, keeps its place, resubscribes, asks for a sweep where events were lost
"""
