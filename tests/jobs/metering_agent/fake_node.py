"""A folder that looks like the control groups of a node, with one pod in it."""

import os
from pathlib import Path

POD_UID = "6f1c7f0e-3c1b-4a52-9d5e-1f0a4f6f2b11"
BURSTABLE = "kubepods-burstable.slice"
SLICE = f"{BURSTABLE}/kubepods-burstable-pod{POD_UID.replace('-', '_')}.slice"


class FakeGroup:
    """The control group of a pod; what the kernel would count is set by hand.

    Attributes:
        folder: Its folder.
    """

    def __init__(self, root: Path, place: str = SLICE) -> None:
        """Make it, with nothing used."""
        self.folder = root / place
        self.folder.mkdir(parents=True)
        self.set(0, 0)

    def set(self, cpu_us: int, memory_bytes: int) -> None:
        """Let the group say so from now on; a reader sees a number as a whole."""
        usage = f"usage_usec {cpu_us}\nuser_usec {cpu_us}\nsystem_usec 0\nnr_periods 0\n"
        self._write("cpu.stat", usage)
        self._write("memory.current", f"{memory_bytes}\n")

    def _write(self, name: str, text: str) -> None:
        new = self.folder / f"{name}.new"
        new.write_text(text)
        os.replace(new, self.folder / name)
