"""What marks outlast, what they cost, and how fast the log is."""
