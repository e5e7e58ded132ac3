"""The HTTP front: it parses, calls the pipeline, and renders. `routes.py` lists every address."""
