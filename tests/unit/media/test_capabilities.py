"""What this installation encodes, determined by trying."""

import pytest

from gateway.media.capabilities import encodes


@pytest.mark.parametrize("encoder", ["libx264", "libx265", "ffv1"])
def test_an_encoder_that_is_there_is_found_at_every_attempt(encoder):
    assert all(encodes(encoder) for _ in range(12))
