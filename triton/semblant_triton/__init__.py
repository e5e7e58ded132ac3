"""Runs a real Triton Inference Server on this machine, without container or GPU."""
