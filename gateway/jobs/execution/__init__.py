"""Workers: leases, retries, progress and cleaning up."""
