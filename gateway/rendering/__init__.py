"""Rendering of files, videos and images: combines reading, fusing and writing."""
