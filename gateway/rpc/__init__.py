"""gRPC: parse, call, render; what is done is in `gateway.operations`."""
