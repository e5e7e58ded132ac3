"""Problem documents and pages."""
