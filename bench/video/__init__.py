"""Videos: how fast they are made, how much memory that takes, how steady they are."""
