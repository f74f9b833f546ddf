"""What a savepoint or a kept checkpoint of the job says of itself: its number, and whose it is."""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from pyiceberg.io import load_file_io

_MAGIC = 0x4960672D
_HEADER = struct.Struct(">iiq")
_METADATA = "_metadata"
# The sink's state names the manifests of files to be committed. It is small, so it stands in the
# metadata itself.
_PENDING = b".avro"
_CHECKPOINT_PATH = re.compile(r"/([0-9a-f]{32})/chk-\d+/?$")
_SAVEPOINT_PATH = re.compile(r"/savepoint-([0-9a-f]{6})-[0-9a-f]+/?$")


class UnreadableSavepointError(Exception):
    """What the job is to be restored from cannot be read; one line."""


@dataclass(frozen=True, slots=True)
class Savepoint:
    """A savepoint, or a checkpoint that was kept.

    Attributes:
        path: Address of its folder.
        checkpoint_id: Number of the checkpoint: savepoints are counted with them.
        job_id: How Flink's id of the job begins that made it, as the path says; empty: it does not.
        has_pending: Whether state names files that were still to be committed; None: not known.
    """

    path: str
    checkpoint_id: int
    job_id: str
    has_pending: bool | None = None


def read_savepoint(path: str, properties: Mapping[str, str]) -> Savepoint:
    """Return what the header of a savepoint's `_metadata` and its path say.

    The header is that of Flink's `Checkpoints.storeCheckpointMetadata`: a magic number, the version
    of what follows, and in all versions so far the checkpoint's number.

    Args:
        path: Address of the folder, or of the `_metadata` in it; a plain path is a local one.
        properties: Of the catalog, where keys of the storage may stand.

    Raises:
        UnreadableSavepointError: There is none, or it is something else.
    """
    folder = path.removesuffix(_METADATA).rstrip("/")
    place = f"{folder}/{_METADATA}"
    try:
        with load_file_io(dict(properties), place).new_input(place).open() as file:
            content = file.read()
    except (OSError, ValueError) as error:
        found = str(error).partition("\n")[0] or type(error).__name__
        raise UnreadableSavepointError(
            f"savepoint, {path}: expected a folder with {_METADATA}, found {found}"
        ) from error
    if len(content) < _HEADER.size or _HEADER.unpack_from(content)[0] != _MAGIC:
        raise UnreadableSavepointError(
            f"savepoint, {place}: expected Flink's metadata, found other bytes"
        )
    checkpoint_id = _HEADER.unpack_from(content)[2]
    return Savepoint(folder, checkpoint_id, _job_of(folder), _PENDING in content)


def _job_of(folder: str) -> str:
    found = _CHECKPOINT_PATH.search(folder) or _SAVEPOINT_PATH.search(folder)
    return found[1] if found else ""
