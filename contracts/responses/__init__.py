"""Response fuzzing: what becomes of a consumer when the answers it reads are valid but unpleasant.

Tools for contracts do not examine the reader: fuzzers send strange requests to providers, mock servers answer as told.
Here every answer is changed in known ways (`mutators`, `pages`), one or two at a time, and what the consumer made of it
is judged (`oracles`): an answer that means the same must be read the same, one that says more must not lose anything,
one that cannot be read must be told as trouble and never be taken for an answer.

    documents   JSON with its numbers as they were written
    drafts      an answer on its way to being changed
    mutators    the table of changes
    pages       lists in pages, and how they go wrong
    cases       the enumeration, with stable names
    oracles     what a consumer owes
    suite       consumers in process
    peer        the same over HTTP: a proxy between any integration and any provider
"""
