"""Tries what a program may do in a folder of the storage: write, read, list and delete."""

from collections.abc import Mapping

import pyarrow.fs as pa_fs
from pyiceberg.io import SCHEMA_TO_FILE_IO, load_file_io
from pyiceberg.io.pyarrow import PyArrowFileIO

_CONTENT = b"written by jobs.doctor, to be deleted by it\n"


class UnknownStorageError(Exception):
    """Python has no way to this storage; one line."""


class MissingFolderError(Exception):
    """A folder of this machine is not there; one line."""


class StorageRightsError(Exception):
    """Something may not be done in the folder; one line that says what, and what is left there."""


def probe_storage(location: str, properties: Mapping[str, str], name: str) -> None:
    """Write an object, read it back, find it in the folder's list, and delete it again.

    All goes the way that tables and savepoints are read and written by Python: with PyIceberg's
    file IO and the catalog's properties. Flink's own file systems have their own keys.

    Args:
        location: URI of the folder.
        properties: Of the catalog, where keys of the storage may stand.
        name: Of the object; nobody else has one like it.

    Raises:
        UnknownStorageError: The scheme is of another kind.
        MissingFolderError: There is no such folder on this machine; nothing was written.
        StorageRightsError: The first step that failed.
    """
    place = f"{location.rstrip('/')}/{name}"
    if location.partition("://")[0] not in SCHEMA_TO_FILE_IO:
        raise UnknownStorageError(f"Python has no way to {location}")
    try:
        io = load_file_io(dict(properties), place)
        if not isinstance(io, PyArrowFileIO):
            raise UnknownStorageError(
                f"{location} is read by {type(io).__name__}, which lists none"
            )
        scheme, netloc, folder = PyArrowFileIO.parse_location(location.rstrip("/"))
        system = io.fs_by_scheme(scheme, netloc)
    except (ValueError, ImportError) as error:
        raise UnknownStorageError(f"Python has no way to {location}: {_line(error)}") from error
    if scheme == "file" and system.get_file_info(folder).type == pa_fs.FileType.NotFound:
        raise MissingFolderError(f"no folder {location}")
    _write(io, place)
    try:
        _read(io, place)
        _list(system, folder, name)
    except StorageRightsError:
        _delete(io, place)
        raise
    _delete(io, place)


def _write(io: PyArrowFileIO, place: str) -> None:
    try:
        with io.new_output(place).create() as output:
            output.write(_CONTENT)
    except OSError as error:
        raise StorageRightsError(f"cannot write {place}: {_line(error)}") from error


def _read(io: PyArrowFileIO, place: str) -> None:
    try:
        with io.new_input(place).open() as file:
            content = file.read()
    except OSError as error:
        raise StorageRightsError(f"cannot read {place}: {_line(error)}") from error
    if content != _CONTENT:
        raise StorageRightsError(f"cannot read {place}: other content than was written")


def _list(system: pa_fs.FileSystem, folder: str, name: str) -> None:
    try:
        listed = system.get_file_info(pa_fs.FileSelector(folder))
    except OSError as error:
        raise StorageRightsError(f"cannot list {folder}: {_line(error)}") from error
    if name not in {info.base_name for info in listed}:
        raise StorageRightsError(f"cannot list {folder}: what was written is not in the list")


def _delete(io: PyArrowFileIO, place: str) -> None:
    try:
        io.delete(place)
    except OSError as error:
        left = f"cannot delete {place}, which is left there: {_line(error)}"
        raise StorageRightsError(left) from error


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
