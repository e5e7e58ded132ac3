"""Persistent storage between requests."""
