"""Intervals of periodic actions, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Intervals:
    """The rhythm of the workers, the same for all that share a database.

    Attributes:
        beat_s: Interval between two heartbeats.
        fence_s: Time without a successful heartbeat after which a worker stops itself.
        dead_s: Time without a heartbeat after which others take over; more than `fence_s`.
        reap_s: Interval between two checks for dead workers.
        reap_here_s: Interval between checks for dead workers of this machine, without the database.
        queue_s: Interval between two polls for work.
        watch_s: Interval between two checks for the cancellation of current jobs.
        progress_s: Least time between two notes of progress of a job.
        keep_s: Interval between two checks of deadlines.
        sweep_s: Interval between two sweeps for data to be removed.
        longest_cleanup_pause_s: Before any attempt to clean up a job again whose clean-up fails.
        orphans_s: Interval between two searches for files that belong to no job.
        orphan_s: Age from which files that belong to no job are removed.
        first_pause_s: Before a second attempt; it doubles with each further one.
        longest_pause_s: Before any attempt.
        webhook_first_pause_s: Before a second call of a webhook; it grows fourfold with each.
        webhook_longest_pause_s: Before any call.
    """

    beat_s: float = 2.0
    fence_s: float = 10.0
    dead_s: float = 15.0
    reap_s: float = 5.0
    reap_here_s: float = 0.5
    queue_s: float = 0.5
    watch_s: float = 0.4
    progress_s: float = 1.0
    keep_s: float = 1.0
    sweep_s: float = 30.0
    longest_cleanup_pause_s: float = 3600.0
    orphans_s: float = 3600.0
    orphan_s: float = 7200.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 20.0
    webhook_first_pause_s: float = 5.0
    webhook_longest_pause_s: float = 3600.0

    def pause_s(self, attempt: int) -> float:
        """Return the pause after an attempt that failed, the first of which is 1."""
        return min(self.first_pause_s * 2.0 ** (attempt - 1), self.longest_pause_s)

    def webhook_pause_s(self, attempt: int) -> float:
        """Return the pause after a failed call, the first of which is 1."""
        return min(self.webhook_first_pause_s * 4.0 ** (attempt - 1), self.webhook_longest_pause_s)
