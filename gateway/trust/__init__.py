"""What makes results trustworthy: marks, credentials, consent, the content gate, the audit log."""
