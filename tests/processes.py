"""What processes that tests start have to be told."""

import signal


def listen_to_sigint() -> None:
    """Let a child be interrupted: background jobs of a shell, and so their children, ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
