"""What can be done to a face, one processor per file, behind one small Protocol."""
