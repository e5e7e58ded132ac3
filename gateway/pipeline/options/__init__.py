"""What a caller may ask for, read and checked."""
