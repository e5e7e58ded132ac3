"""Options of on what grounds faces are used."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.pipeline.options.base import OptionsModel
from gateway.storage.identities import ID


class ConsentOptions(OptionsModel):
    """On what grounds faces are used."""

    basis: str = Field(
        "",
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="On what grounds, such as the number of a contract: recorded, and stated in "
        "the result's credentials. No personal data.",
    )
    purpose: str = Field(
        "",
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="What for; consents of enrolled people may be for certain purposes only.",
    )
    identities: tuple[Annotated[str, Field(pattern=f"^{ID.pattern}$")], ...] = Field(
        (),
        max_length=64,
        description="The enrolled people whom the `source` pictures show; each picture has to look "
        "like one of them, whose consent has to cover this use.",
    )
