"""The order of steps, told once."""
