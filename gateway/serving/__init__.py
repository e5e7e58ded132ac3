"""What a running service is made of, whatever the protocol it is spoken to in."""
