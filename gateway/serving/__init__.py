"""The components of a running service, independent of the protocol."""
