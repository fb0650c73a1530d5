"""Who can be deployed: pacts, verifications and environments as files in git, joined on the content of the pacts.

store    the files: pacts/, versions/, verifications/, environments/
answer   can-i-deploy: the rows, the answer, and why
broker   the same store in the protocol of the Pact Broker, for standard Pact clients; handlers: what it does with each
         request, hal: what it answers
"""
