"""A live stream of frames: python stream_frames.py SERVER PORTRAIT VIDEO RESULT.

SERVER is an address of gRPC, such as grpc://127.0.0.1:50051. A camera's frames are sent in the same
way as those of the video here; with `drop="oldest"` none of them waits for long.
"""

import sys
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from semblant import Client


def frames(video: str) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each frame with its time in microseconds."""
    with av.open(video) as container:
        for frame in container.decode(video=0):
            yield round(1e6 * frame.time), frame.to_ndarray(format="rgb24")


def main(server: str, portrait: str, video: str, output: str) -> int:
    """Write the frames as they come back, and print what became of them."""
    changed, slowest_ms, number = 0, 0.0, 0
    with (
        Client(server) as client,
        client.stream(portrait, options={"shape": 0.6}) as stream,
        av.open(output, "w") as container,
    ):
        encoder = container.add_stream("libx264", rate=25)
        encoder.pix_fmt = "yuv420p"
        for result in stream.swap(frames(video)):
            number += 1
            if result.data is None:
                print(f"frame {result.index}: {result.error or 'dropped'}", file=sys.stderr)
                continue
            changed += result.faces_swapped > 0
            slowest_ms = max(slowest_ms, result.latency_ms)
            frame = av.VideoFrame.from_ndarray(result.data, format="rgb24")
            if not encoder.codec_context.is_open:
                encoder.height, encoder.width = result.data.shape[:2]
            frame.pts, frame.time_base = result.index, Fraction(1, 25)
            container.mux(encoder.encode(frame))
        container.mux(encoder.encode(None))
    print(f"{changed} of {number} frames changed, the slowest in {slowest_ms:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
