"""Every address, and how each is documented."""
