"""Reading requests: bodies, forms, headers, images and videos."""
