"""Durable jobs: what was accepted is carried out, whatever dies meanwhile."""
