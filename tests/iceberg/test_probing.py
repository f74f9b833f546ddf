"""What may be done in a folder: each right is tried, and the object is gone afterwards."""

from pathlib import Path
from typing import Any

import pyarrow.fs as pa_fs
import pytest
from pyiceberg.io.pyarrow import PyArrowFileIO

from iceberg import probing
from iceberg.probing import (
    MissingFolderError,
    StorageRightsError,
    UnknownStorageError,
    probe_storage,
)

Patch = pytest.MonkeyPatch


def test_a_folder_with_all_rights(tmp_path: Path) -> None:
    """Nothing is left; a slash at the end changes nothing."""
    (tmp_path / "other").write_text("of somebody else")
    for location in (tmp_path.as_uri(), f"{tmp_path.as_uri()}/"):
        probe_storage(location, {}, "probe")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    """The first write would make it, and a mistyped one would stay."""
    folder = tmp_path / "mistyped" / "warehouse"
    with pytest.raises(MissingFolderError, match=f"no folder {folder.as_uri()}"):
        probe_storage(folder.as_uri(), {}, "probe")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """It is a file."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageRightsError, match=r"cannot write file://.*/file/probe: "):
        probe_storage((tmp_path / "file").as_uri(), {}, "probe")


def _refuse(*_: Any, **__: Any) -> None:
    raise PermissionError("access denied")


def test_no_right_to_read(tmp_path: Path, monkeypatch: Patch) -> None:
    """The object is deleted all the same."""
    monkeypatch.setattr(PyArrowFileIO, "new_input", _refuse)
    with pytest.raises(StorageRightsError, match=r"cannot read .*: access denied"):
        probe_storage(tmp_path.as_uri(), {}, "probe")
    assert list(tmp_path.iterdir()) == []


def test_another_content(tmp_path: Path, monkeypatch: Patch) -> None:
    """What is read must be what was written."""
    write = PyArrowFileIO.new_output

    class Other(PyArrowFileIO):
        """Writes elsewhere."""

        def new_output(self, location: str) -> Any:
            Path(location.removeprefix("file://")).write_bytes(b"other")
            return write(self, f"{location}-elsewhere")

    monkeypatch.setattr(probing, "load_file_io", lambda properties, place: Other(properties))
    with pytest.raises(StorageRightsError, match="other content than was written"):
        probe_storage(tmp_path.as_uri(), {}, "probe")


@pytest.mark.parametrize("is_denied", [True, False])
def test_no_right_to_list(is_denied: bool, tmp_path: Path, monkeypatch: Patch) -> None:
    """Denied, or a list without what was written; the object is deleted all the same."""

    class Blind:
        """Sees that a folder is there, and nothing in it."""

        def get_file_info(self, asked: Any) -> Any:
            if not isinstance(asked, pa_fs.FileSelector):
                return pa_fs.FileInfo("folder", pa_fs.FileType.Directory)
            if is_denied:
                raise PermissionError("access denied")
            return []

    io = PyArrowFileIO({})
    of_scheme = io.fs_by_scheme
    asked: list[str] = []

    def first_blind(scheme: str, netloc: str | None) -> Any:
        asked.append(scheme)
        return Blind() if len(asked) == 1 else of_scheme(scheme, netloc)

    io.fs_by_scheme = first_blind
    monkeypatch.setattr(probing, "load_file_io", lambda properties, place: io)
    found = "access denied" if is_denied else "what was written is not in the list"
    with pytest.raises(StorageRightsError, match=f"cannot list .*: {found}"):
        probe_storage(tmp_path.as_uri(), {}, "probe")
    assert list(tmp_path.iterdir()) == []


def test_no_right_to_delete(tmp_path: Path, monkeypatch: Patch) -> None:
    """The line says what is left, so that somebody deletes it."""
    monkeypatch.setattr(PyArrowFileIO, "delete", _refuse)
    found = r"cannot delete .*/probe, which is left there: access denied"
    with pytest.raises(StorageRightsError, match=found):
        probe_storage(tmp_path.as_uri(), {}, "probe")
    assert [path.name for path in tmp_path.iterdir()] == ["probe"]


@pytest.mark.parametrize("location", ["s3p://bucket/folder", "hf://bucket/folder", "no-scheme"])
def test_a_storage_that_python_does_not_know(location: str) -> None:
    """Nothing can be said of it, which is no failure."""
    with pytest.raises(UnknownStorageError, match=location):
        probe_storage(location, {}, "probe")
