"""Webhooks, log lines and counters about jobs."""
