"""Networks that transfer the identity of one face to another."""
