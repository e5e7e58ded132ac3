"""Videos: people followed through them, and fused frame by frame so that nothing flickers."""
