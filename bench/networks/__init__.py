"""What networks cost around themselves: batching on Triton, calls, adaptors, array work."""
