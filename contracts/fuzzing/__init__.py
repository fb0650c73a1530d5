"""Schema fuzzing of providers: strange and valid requests for every operation of a document, by Schemathesis.

Schemathesis makes the requests (examples, coverage of the schema, random ones, chains along links) and judges statuses,
schemas and headers. What it does not know is added: a repetition under one key, exact money, refusals that change
nothing, transitions that are asked for twice (`checks`).
"""
