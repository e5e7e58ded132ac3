"""Planes of video frames, temporal state and shot boundaries."""
