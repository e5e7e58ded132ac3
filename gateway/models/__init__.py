"""The model repository: what is in it, and how its networks are built from public packages."""
