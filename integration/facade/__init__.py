"""Facades: flows speak to one ERP, whichever system keeps the books of their legal entity.

ledgers    in_books, perform: which system a call to the ERP goes to
legacy     the calls about orders, carried out with an ERP that only takes files and answers after a batch
"""
