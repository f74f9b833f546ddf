"""Which files a table's snapshots lead to: what is deleted must be among none of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot


@dataclass
class Reached:
    """Files that snapshots lead to, as the metadata spells them.

    Attributes:
        lists: Manifest lists.
        manifests: Manifests.
        data: Data files, and delete files where another writer made some.
    """

    lists: set[str] = field(default_factory=set)
    manifests: set[str] = field(default_factory=set)
    data: set[str] = field(default_factory=set)

    def all(self) -> set[str]:
        """Return all of them."""
        return self.lists | self.manifests | self.data


def reach(
    table: IcebergTable, snapshots: Iterable[Snapshot], skip: Reached | None = None
) -> Reached:
    """Return what snapshots lead to; each manifest is read once.

    Args:
        table: The table.
        snapshots: Of the table.
        skip: What need not be followed: manifests in there are left out, with their files.
    """
    found = Reached()
    for snapshot in snapshots:
        found.lists.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            path = manifest.manifest_path
            if path in found.manifests or (skip is not None and path in skip.manifests):
                continue
            found.manifests.add(path)
            found.data |= _files_of(table, manifest)
    return found


def place_of(location: str) -> str:
    """Return an address in the one spelling by which files are compared.

    Java writes `file:/x`, PyIceberg `file:///x`; buckets are known as s3, s3a and s3n.
    """
    _, _, path = PyArrowFileIO.parse_location(location)
    return path


def _files_of(table: IcebergTable, manifest: ManifestFile) -> set[str]:
    entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
    return {entry.data_file.file_path for entry in entries}
