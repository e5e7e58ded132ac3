"""Third-party face detectors: a picture in, boxes with five points out."""
