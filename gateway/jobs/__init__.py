"""Durable jobs: an accepted job is executed even if processes die meanwhile."""
