"""The messages and services of Semblant's gRPC interface, version 1; generated."""
