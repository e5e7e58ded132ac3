"""The service on paper: queues, batches, autoscaling; numbers of k8s and of this machine."""
