"""OpenAPI 3.1 of every dialect, made from the tables of operations and the types that parse the requests.

documents()   the document of every system as plain values
document(d)   that of one dialect
texts()       all of them as JSON text, for files and doors
"""

from mocks.openapi.document import document, documents, texts

__all__ = ["document", "documents", "texts"]
