"""Expressions read from images and videos, and libraries of them."""
