"""The client for threads, written from `_async` by `make sdk`; not to be edited."""
