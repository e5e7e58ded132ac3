"""Operations on a face, one processor per file, behind one small Protocol."""
