"""Benchmarks: each module measures one thing, `python -m bench` prints one table of all."""
