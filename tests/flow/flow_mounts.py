"""A small file system of its own, to fill and to protect; needs root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(where: Path, size: str, *, read_only: bool = False) -> Iterator[Path]:
    """A tmpfs of `size` at `where`, gone at the end."""
    where.mkdir()
    options = f"size={size},ro" if read_only else f"size={size}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "sightline-test", str(where)], check=True)
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=False)


def can_mount(where: Path) -> bool:
    """Whether this process may mount: root in a container often may not."""
    try:
        with small_disk(where / "probe", "1M"):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False
    finally:
        (where / "probe").rmdir()
