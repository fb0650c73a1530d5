"""Governance: contracts, events, objects and fields as a registry of plain files, and what breaks its rules.

registry    the files: parties, contracts, events, objects, field groups, fields, copies, each with its line
rules       what must hold, each rule with an id
sightings   where events are told or heard, and contracts used: AsyncAPI documents, pacts, histories
standing    rows that lack something, and what is used though it is not registered, a draft, deprecated or retired
objects     canonical objects that are defined twice, and differently
writes      fields that are written by somebody who does not own them, in requests of pacts and in histories
releases    documents that changed without a new version, or against the promise of their row
suite       all of it as a suite of `q2c verify`
drafting    a first registry from documents and pacts; of_project: the one of this project, from its code
"""
