"""The 3D morphable model: who a person is, apart from what they do with their face."""
