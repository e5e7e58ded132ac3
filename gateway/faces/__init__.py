"""From pixels and network outputs to `Face`: detection, landmarks, pose, quality."""
