"""One face: its expression, masks, fusion, enhancement and figures."""
