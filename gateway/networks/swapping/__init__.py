"""Networks that give one face the looks of another."""
