"""Render a video as a job, and be called back: python video_job.py SERVER PORTRAIT VIDEO RESULT.

The service signs its calls with the secret it was started with (SEMBLANT_WEBHOOK_SECRETS). It calls
addresses inside a network only if SEMBLANT_WEBHOOK_ALLOW, _PORTS and _SCHEMES permit it; the
receiver here listens on 127.0.0.1:8899.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from semblant import Client, JobRequest
from standardwebhooks import Webhook

SECRET = os.environ.get("SEMBLANT_WEBHOOK_SECRETS", "")
PORT = 8899


class Receiver(BaseHTTPRequestHandler):
    """Takes one call of the webhook."""

    called = threading.Event()

    def do_POST(self) -> None:
        """Check the signature, and note that the job has ended."""
        body = self.rfile.read(int(self.headers["content-length"]))
        Webhook(SECRET).verify(body, {key.lower(): value for key, value in self.headers.items()})
        print("called:", json.loads(body)["status"])
        Receiver.called.set()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Log nothing."""


def main(server: str, portrait: str, video: str, output: str) -> int:
    """Submit the job, wait for the webhook, download the result."""
    receiver = HTTPServer(("127.0.0.1", PORT), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with Client(server) as client:
        job = client.submit_job(
            JobRequest(
                sources=[portrait],
                target=video,
                key="order-17",  # sent twice, it is one job
                webhook={"url": f"http://127.0.0.1:{PORT}/done"},
                options={"video": {"quality": 80}},
            )
        )
        print(f"submitted {job.id}")
        if not Receiver.called.wait(timeout=600):
            print("no webhook came", file=sys.stderr)
            return 1
        job = client.job(job.id)
        print(f"{job.status}: {job.report['changed_frames']} frames changed")
        client.save_job_output(job.id, output)
        client.delete_job(job.id)
    receiver.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
