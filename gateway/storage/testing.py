"""A store for tests, which forgets everything with itself."""

from __future__ import annotations

from gateway.errors import LibraryLimit, LibraryNotFound
from gateway.storage.expressions import ExpressionLibrary, LibraryInfo


class MemoryExpressionStore:
    """Libraries in memory; behaves as `FolderExpressionStore`.

    Args:
        most: Libraries that may be kept.
    """

    def __init__(self, *, most: int = 1000) -> None:
        self._most = most
        self._libraries: dict[str, ExpressionLibrary] = {}

    def add(self, library: ExpressionLibrary) -> None:
        """Keep a library."""
        self.check_room()
        self._libraries[library.id] = library

    def get(self, id: str) -> ExpressionLibrary:
        """Return a library."""
        if id not in self._libraries:
            raise LibraryNotFound()
        return self._libraries[id]

    def infos(self) -> list[LibraryInfo]:
        """Return what is kept, the latest first."""
        found = [library.info for library in self._libraries.values()]
        return sorted(found, key=lambda info: (info.created, info.id), reverse=True)

    def delete(self, id: str) -> None:
        """Forget a library."""
        if self._libraries.pop(id, None) is None:
            raise LibraryNotFound()

    def check_room(self) -> None:
        """Check that one more may be kept."""
        if len(self._libraries) >= self._most:
            raise LibraryLimit(extra={"max_libraries": self._most})
