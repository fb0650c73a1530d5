"""Compatibility: what changed between two versions of a document, whom it breaks, and which version number it deserves.

documents    Document, Node: JSON or YAML with the line of everything, local references resolved, nothing fetched
shapes       a schema in one normal form, however it was spelled
facets       the keywords of a schema, each with what makes it narrower or wider
schemas      two schemas compared: Change values, each narrower, wider or other
openapi      two OpenAPI documents compared, operation by operation
asyncapi     two AsyncAPI documents compared, channel by channel
rules        every rule with its sentence; the severity follows the direction of the data
usage        what a consumer really uses, read from its pact
narrowing    which changes touch which consumer
bidirectional  whether a pact is possible under an OpenAPI document
advice       the version number that the changes deserve; deprecation and sunset
"""
