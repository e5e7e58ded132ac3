"""The service on paper: queues, batches and autoscaling, with the numbers of k8s and of this machine."""
