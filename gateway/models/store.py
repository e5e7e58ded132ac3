"""Pulling, adding, checking and removing models of the zoo.

A model's folder becomes visible when it is complete: it is written under another name beside it and
renamed. Leftovers of a crash are removed by the next change.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from gateway.disk import room_on_disk
from gateway.errors import (
    LicenseNotAccepted,
    ModelError,
    ModelNotPermitted,
    SetupIncomplete,
    UnknownModel,
)
from gateway.models.configure import CONFIG_FILE, zoo_config
from gateway.models.download import Fetched, Sources, fetch, fetched_file, url_templates
from gateway.models.entries import MODEL_VERSION
from gateway.models.lock import accept_license, locked, pin, read_lock
from gateway.models.packages import sha256_of, write_atomically
from gateway.models.profiles import Profile
from gateway.models.records import (
    EMAP_FILE,
    INSTALL_RECORD,
    MODEL_FILE,
    Installed,
    contract_digest,
    read_record,
)
from gateway.models.served import is_quantized, original
from gateway.models.zoo import Zoo, ZooModel, load_zoo

PullStage = Literal["download", "import", "installed", "kept"]
PullProgress = Callable[[str, PullStage, int, int], None]
"""Called with a model's name, the current step, and a download's received and total bytes."""

InstallState = Literal["present", "missing", "outdated"]

_STAGING = ".installing-"


@dataclass(frozen=True, slots=True)
class ZooStatus:
    """One line of the list of the zoo.

    Attributes:
        model: The zoo's entry.
        state: present; missing; outdated: installed under another contract.
        size: Bytes of the ONNX file, 0 if there is none.
        accepted: The day its licence was accepted, UTC; empty if it was not.
        needed_by: Models that cannot do without it.
    """

    model: ZooModel
    state: InstallState
    size: int
    accepted: str
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PullResult:
    """The result of one model's installation or build.

    Attributes:
        model: The zoo's entry.
        record: Findings at its installation.
        fresh: Whether it was installed now.
        trusted_first: Whether the file's digest was unknown before: it is pinned from now on.
    """

    model: ZooModel
    record: Installed
    fresh: bool
    trusted_first: bool


@dataclass(frozen=True, slots=True)
class ModelStore:
    """The zoo's models of one repository.

    Attributes:
        repository: The model repository.
        cache_dir: Folder for downloads that can be rebuilt.
        profile: The profile that the configurations are written for.
        engine_cache: Folder on the server where TensorRT caches its engines.
        commercial: Whether models are refused that may not be used commercially.
        sources: Where files are looked for; the zoo's hosts are added unless it is offline.
    """

    repository: Path
    cache_dir: Path
    profile: Profile
    engine_cache: str
    commercial: bool = False
    sources: Sources = field(default_factory=Sources)

    @property
    def zoo(self) -> Zoo:
        """The zoo's list, as it is now.

        Raises:
            SetupIncomplete, ContractViolation: as `load_zoo`.
        """
        return load_zoo(self.repository)

    def plan(self, names: Sequence[str]) -> list[ZooModel]:
        """Return what pulling models would install: what they need first, then themselves.

        Raises:
            UnknownModel: the zoo has no such model.
            ModelNotPermitted: one may not be used commercially, and that was requested.
        """
        zoo = self.zoo
        for name in names:  # a dependant is reported under its own name
            self._check_permitted(zoo.model(name))
        wanted = {model.name: model for name in names for model in zoo.with_needs(name)}
        return list(wanted.values())

    def accepted(self, model: ZooModel) -> bool:
        """Whether a model's licence was accepted before.

        Raises:
            SetupIncomplete: as `read_lock`.
        """
        known = read_lock(self.repository).get(model.name)
        return known is not None and bool(known.accepted) and known.license == model.license

    def accept(self, model: ZooModel) -> None:
        """Remember that a model's licence was accepted.

        Raises:
            SetupIncomplete: as `read_lock`.
            StorageFull: there is no room.
        """
        with room_on_disk():
            accept_license(self.repository, model.name, model.license)

    def pull(
        self, model: ZooModel, *, force: bool = False, progress: PullProgress | None = None
    ) -> PullResult:
        """Download and install one model, without its dependencies.

        Args:
            model: Which.
            force: Also if it is installed.
            progress: Callback that receives the progress.

        Raises:
            LicenseNotAccepted, ModelNotPermitted: it may not be.
            DownloadFailed, ModelChecksumMismatch: no place has the right file.
            ModelInvalid, ModelUnsound: the file is not that network, or does not work.
            StorageFull: there is no room.
            SetupIncomplete: a library is not installed.
        """
        self._check_allowed(model)
        tell = progress or (lambda name, stage, have, total: None)
        record = read_record(self.repository, model.name)
        if not force and record is not None and self._state(model, record) == "present":
            tell(model.name, "kept", 0, 0)
            return PullResult(model, record, fresh=False, trusted_first=False)
        pinned = self._pinned(model)
        fetched = fetch(
            model,
            self._sources(),
            self.cache_dir,
            sha256=pinned,
            tell=lambda have, total: tell(model.name, "download", have, total),
        )
        try:
            tell(model.name, "import", 0, 0)
            record = self._install(model, fetched)
        except ModelError:
            fetched.discard()  # it would not be another one the next time
            raise
        fetched.discard()
        tell(model.name, "installed", 0, 0)
        return PullResult(model, record, fresh=True, trusted_first=not pinned)

    def add(self, file: Path, name: str) -> PullResult:
        """Install a user's file as a model.

        Its digest is pinned only if the zoo has no place to pull it from.

        Raises:
            UnknownModel: the zoo has no such model.
            OSError: the file cannot be read.
            SemblantError: as `pull`, but for downloads.
        """
        model = self.zoo.model(name)
        self._check_allowed(model)
        fetched = fetched_file(file)
        return PullResult(model, self._install(model, fetched), fresh=True, trusted_first=False)

    def statuses(self) -> list[ZooStatus]:
        """Return every model of the zoo with its state; reads no network.

        Raises:
            SetupIncomplete, ContractViolation: as `load_zoo` and `read_lock`.
        """
        zoo, lock = self.zoo, read_lock(self.repository)
        found = []
        for model in zoo.models.values():
            record = read_record(self.repository, model.name)
            known = lock.get(model.name)
            users = tuple(other.name for other in zoo.models.values() if model.name in other.needs)
            path = zoo.folder(model.name) / MODEL_FILE
            found.append(
                ZooStatus(
                    model,
                    self._state(model, record) if record else "missing",
                    path.stat().st_size if record else 0,
                    known.accepted if known else "",
                    users,
                )
            )
        return found

    def verify(self, name: str) -> list[str]:
        """Return the problems of an installed model, one sentence each.

        Raises:
            UnknownModel: the zoo has no such model.
            SetupIncomplete: a library is not installed.
        """
        zoo = self.zoo
        model = zoo.model(name)
        record = read_record(self.repository, name)
        if record is None:
            return ["The model is not installed."]
        folder = zoo.folder(name)
        findings = []
        if self._state(model, record) == "outdated":
            findings.append("The model was installed under another contract than the zoo's.")
        if record.onnx_sha256 != sha256_of(original(folder / MODEL_FILE)):
            findings.append("The file is not the one that was installed.")
        if model.emap and not (folder / EMAP_FILE).is_file():
            findings.append(f"{EMAP_FILE} is missing.")
        if not (self.repository / name / CONFIG_FILE).is_file():
            findings.append(f"{CONFIG_FILE} is missing.")
        with _importing():
            from gateway.models.onnx_import import verify_network  # noqa: PLC0415
        return [*findings, *verify_network(folder / MODEL_FILE, model)]

    def remove(self, name: str) -> bool:
        """Remove an installed model, and return whether it was there; its pin stays.

        Raises:
            UnknownModel: the zoo has no such model.
            OSError: it cannot be removed.
        """
        model = self.zoo.model(name)
        folder = self.repository / model.name
        with self._changing():
            if not folder.exists():
                return False
            # Renamed first: half a model must not be seen.
            shutil.rmtree(folder.rename(self.repository / f"{_STAGING}removed-{model.name}"))
        return True

    def configure(self, name: str) -> None:
        """Write the configuration of an installed model again, for the store's profile.

        Raises:
            UnknownModel: the zoo has no such model, or it is not installed.
            StorageFull: there is no room.
        """
        model = self.zoo.model(name)
        record = read_record(self.repository, name)
        if record is None:
            raise UnknownModel(f"{name} is not installed; `semblant models pull {name}` does that.")
        int8 = is_quantized(self.zoo.folder(name) / MODEL_FILE)
        text = zoo_config(model, record, self.profile, self.engine_cache, int8=int8)
        with room_on_disk():
            write_atomically(self.repository / name / CONFIG_FILE, text.encode())

    def _check_permitted(self, model: ZooModel) -> None:
        if self.commercial and not model.usable_commercially:
            own = f"its licence is {model.license}"
            why = own if not model.commercial else f"it needs {' and '.join(model.needs)}"
            raise ModelNotPermitted(f"{model.name} may not be used commercially: {why}.")

    def _check_allowed(self, model: ZooModel) -> None:
        self._check_permitted(model)
        if not self.accepted(model):
            raise LicenseNotAccepted(
                f"The licence of {model.name} has not been accepted: {model.license}, "
                f"{model.license_url}."
            )

    def _sources(self) -> Sources:
        hosts = tuple(self.zoo.hosts.values())
        own = self.sources
        return Sources(url_templates(own.urls, hosts), own.folder, own.offline, own.timeout_s)

    def _pinned(self, model: ZooModel) -> str:
        """Return the digest a file has to have; empty if unknown."""
        known = read_lock(self.repository).get(model.name)
        return model.sha256 or (known.sha256 if known else "")

    def _state(self, model: ZooModel, record: Installed) -> InstallState:
        return "present" if record.contract == contract_digest(model) else "outdated"

    def _install(self, model: ZooModel, fetched: Fetched) -> Installed:
        """Import a file into a folder beside the model's, and move that into place."""
        with _importing():
            from gateway.models.onnx_import import import_network  # noqa: PLC0415
        twin = self._twin(model)
        with room_on_disk(), self._changing(), self._staging(model.name) as folder:
            version = folder / MODEL_VERSION
            version.mkdir()
            path = version / MODEL_FILE
            found = import_network(fetched.path, path, model, twin=twin)
            if found.emap is not None:
                np.save(version / EMAP_FILE, found.emap)
            record = Installed(
                model=model.name,
                contract=contract_digest(model),
                source=fetched.source,
                source_sha256=fetched.sha256,
                onnx_sha256=sha256_of(path),
                onnx_bytes=path.stat().st_size,
                max_batch_size=found.max_batch_size,
                half_agrees=found.half_agrees,
                notes=found.notes,
            )
            text = json.dumps(asdict(record), indent=2) + "\n"
            (version / INSTALL_RECORD).write_text(text, encoding="utf-8")
            config = zoo_config(model, record, self.profile, self.engine_cache)
            (folder / CONFIG_FILE).write_text(config, encoding="utf-8")
            folder.chmod(0o755)  # temporary folders are private; models are read by a server
            self._put(folder, self.repository / model.name)
            if fetched.temporary or not model.pulled:
                pin(
                    self.repository,
                    model.name,
                    sha256=fetched.sha256,
                    size=fetched.size,
                    source=fetched.source,
                )
        return record

    def _twin(self, model: ZooModel) -> Path | None:
        if model.twin and read_record(self.repository, model.twin):
            return original(self.zoo.folder(model.twin) / MODEL_FILE)
        return None

    def _put(self, fresh: Path, place: Path) -> None:
        """Move a complete folder into its place; a crash leaves the old one or the new one."""
        old = self.repository / f"{_STAGING}old-{place.name}"
        if place.exists():
            place.rename(old)
        fresh.rename(place)
        shutil.rmtree(old, ignore_errors=True)

    @contextmanager
    def _staging(self, name: str) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix=f"{_STAGING}{name}-", dir=self.repository))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Be the only process that changes the repository, and sweep what others left half done."""
        with locked(self.repository):
            for rest in self.repository.glob(f"{_STAGING}*"):
                name = rest.name.removeprefix(f"{_STAGING}old-")
                if name != rest.name and not (self.repository / name).exists():
                    rest.rename(self.repository / name)  # its successor did not come
                else:
                    shutil.rmtree(rest, ignore_errors=True)
            yield


@contextmanager
def _importing() -> Iterator[None]:
    """Name the library that is missing; serving needs none of them, so they are loaded late."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise SetupIncomplete(
            f"Models of the zoo need {error.name}; install semblant with the extra 'build'."
        ) from None
