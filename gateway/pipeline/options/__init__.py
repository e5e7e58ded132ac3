"""Request options, parsed and validated."""
