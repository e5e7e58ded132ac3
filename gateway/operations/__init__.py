"""What the service does for a caller, over HTTP or gRPC: decode, compute, render."""
