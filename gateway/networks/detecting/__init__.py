"""Networks of the field that find faces: a picture in, boxes with five points out."""
