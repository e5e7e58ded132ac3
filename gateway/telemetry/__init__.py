"""What operators see of a request or job while it is served: spans, and the ids in log records."""
