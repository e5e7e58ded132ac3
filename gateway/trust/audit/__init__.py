"""The log of who did what with whose face: entries can be added, and nothing else."""
