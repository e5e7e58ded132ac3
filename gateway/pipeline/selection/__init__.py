"""Which faces are changed, into whom, and by which models."""
