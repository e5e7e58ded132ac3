"""Membrane blending, compositing, and the order of fusion."""
