"""The single definition of the order of steps."""
