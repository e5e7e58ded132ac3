"""The model repository: its contents, and how its networks are built from public packages."""
