"""The Semblant gateway: imaging, pipeline, HTTP service."""
