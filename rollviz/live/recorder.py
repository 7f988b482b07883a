"""Recordings: one watch event a line, only ever added to, safe to cut off at any moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

from rollviz.objects import Json
from rollviz.timeline import FORMAT


class Recorder:
    """Writes a recording. The file is made with the first change, so none is left empty.

    Args:
        path: where to; a file that is there already is never touched.

    Raises:
        FileExistsError: there is such a file.
        ValueError: the name ends in ``.gz``: a compressed file can't be cut off anywhere.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.count = 0
        self._file: IO[str] | None = None
        if self.path.suffix == ".gz":
            raise ValueError(f"{path}: record without .gz, and compress it when it is done")
        if self.path.exists():
            raise FileExistsError(f"{path}: is there already: delete it, or choose another name")
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"{path}: there is no folder {self.path.parent}")

    def write(self, epoch: float, rows: list[Json]) -> None:
        """Add changes, and hand them to the operating system at once.

        Raises:
            OSError: the disk is full, or the file can't be made.
        """
        if self._file is None:
            self._file = open(self.path, "x", encoding="utf-8")  # noqa: SIM115
            rows = [{"rollviz": FORMAT, "epoch": epoch, "source": "recorded"}, *rows]
            self.count -= 1
        self._file.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
        self._file.flush()
        self.count += len(rows)

    def close(self) -> None:
        """Close the file; more must not be written."""
        if self._file:
            self._file.close()
