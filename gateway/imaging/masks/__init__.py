"""Soft masks, mattes and inpainting."""
