"""Deblocking, denoising, sharpening and tiling."""
