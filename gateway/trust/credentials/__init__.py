"""Content credentials (C2PA): who signs what a result is, and what is read of any file."""
