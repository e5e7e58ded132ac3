"""The 3D morphable model: identity, separated from facial expression."""
