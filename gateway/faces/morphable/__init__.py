"""The 3D morphable model: who somebody is, apart from what they do with their face."""
