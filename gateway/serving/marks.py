"""What results are marked with, by the settings and by what is asked for."""

from __future__ import annotations

from functools import cached_property

from gateway.errors import InvalidOptions, SetupIncomplete
from gateway.pipeline.options.marks import LabelOptions, MarkOptions
from gateway.settings import Settings
from gateway.trust.label import WORDS, Label
from gateway.trust.marking import Marks, Watermark, number_of
from gateway.trust.secret_files import secret_in
from gateway.trust.watermark.pattern import WatermarkKey

_ORDER: tuple[Watermark, ...] = ("off", "face", "frame")


class MarkPolicy:
    """Decides what results are marked with."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings of the service."""
        self._settings = settings

    @cached_property
    def _secret(self) -> bytes:
        stated = self._settings.watermark_secret
        if stated is not None:
            return stated.get_secret_value().encode()
        return secret_in(self._settings.data_dir / "trust" / "watermark.secret")

    def require(self) -> None:
        """Check that results can be marked.

        Raises:
            SetupIncomplete: several processes share a database, and no secret.
        """
        settings = self._settings
        if settings.watermark == "off" and settings.watermark_least == "off":
            return
        if settings.jobs_database_url and settings.watermark_secret is None:
            raise SetupIncomplete(
                "Processes that share a database need a common SEMBLANT_WATERMARK_SECRET, or both "
                "SEMBLANT_WATERMARK and SEMBLANT_WATERMARK_LEAST are off."
            )
        _ = self._secret

    def check(self, options: MarkOptions) -> None:
        """Check what is asked for.

        Raises:
            InvalidOptions: it is less than the service allows, or a label cannot be written.
        """
        least, asked = self._settings.watermark_least, options.watermark
        if asked is not None and _ORDER.index(asked) < _ORDER.index(least):
            raise InvalidOptions(
                "This service marks more of its results.",
                errors=[{"pointer": "/marks/watermark", "detail": f"at least `{least}`"}],
            )
        label = self._label(options)
        if label is not None:
            label.check()

    def marks(self, options: MarkOptions, *, tenant: str, provenance_id: str) -> Marks:
        """Return what a result is marked with.

        Args:
            options: What is asked for, which was checked.
            tenant: Whose result it is.
            provenance_id: 12 hexadecimal digits.
        """
        watermark = options.watermark or self._settings.watermark
        key = None if watermark == "off" else self.key(tenant)
        return Marks(number_of(provenance_id), key, watermark, self._label(options))

    def key(self, tenant: str) -> WatermarkKey:
        """Return the key of a tenant's watermarks."""
        return WatermarkKey.of(self._secret, tenant)

    def _label(self, options: MarkOptions) -> Label | None:
        settings, asked = self._settings, options.label
        if asked is None:
            if settings.label == "on_request":
                return None
            asked = LabelOptions(language=settings.label_language)
        text = asked.text or settings.label_text or WORDS[asked.language]
        return Label(
            text,
            asked.corner,
            asked.height_pct / 100,
            settings.label_s if asked.shown == "beginning" else None,
            settings.label_font,
        )
