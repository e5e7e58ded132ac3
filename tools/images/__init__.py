"""Building container images without a container engine: `make images`."""
