"""The shapes of what the interface takes and gives; the document is made from them."""
