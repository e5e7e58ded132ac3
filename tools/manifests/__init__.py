"""The manifests of `k8s`: rendered, validated and held to policies; see `__main__`."""
