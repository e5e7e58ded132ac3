"""Revisions of the schema of jobs, in order; see `gateway.jobs.database.upgrade`.

A change of `schema.py` needs a new module in `versions`. It is frozen once it is released: it names
tables and columns as they were then, and imports none of our modules.
"""
