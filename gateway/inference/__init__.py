"""Access to networks: one Protocol, and its implementations."""
