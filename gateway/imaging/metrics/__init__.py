"""Figures of how good a fused image is."""
