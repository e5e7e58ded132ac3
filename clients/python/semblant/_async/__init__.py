"""The client for event loops; `_sync` is written from it by `make sdk`."""
