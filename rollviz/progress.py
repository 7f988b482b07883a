"""A progress bar for what takes long: a widget in a notebook, a line on stderr elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


def with_progress(items: Sequence[T], doing: str) -> Iterator[T]:
    """The items, with a progress bar once they have taken more than :data:`PATIENCE`.

    >>> list(with_progress("abc", "spelling"))
    ['a', 'b', 'c']
    """
    bar: _NotebookBar | _TextBar | None = None
    began = monotonic()
    try:
        for done, item in enumerate(items):
            if bar is None and monotonic() - began > PATIENCE:
                bar = (_NotebookBar if _in_notebook() else _TextBar)(doing, len(items))
            if bar:
                bar.show(done)
            yield item
    finally:
        if bar:
            bar.close()


PATIENCE = 0.5
"""Seconds that pass before a progress bar appears: what is quick needs none."""


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


class _NotebookBar:
    """A bar below the cell, gone when it is full."""

    def __init__(self, doing: str, total: int) -> None:
        from IPython.display import display
        from ipywidgets import IntProgress

        self._bar = IntProgress(max=total, description=doing)
        display(self._bar)  # type: ignore[no-untyped-call]

    def show(self, done: int) -> None:
        self._bar.value = done

    def close(self) -> None:
        self._bar.close()


class _TextBar:
    """One line on stderr, written over and over."""

    def __init__(self, doing: str, total: int) -> None:
        self._doing, self._total = doing, total

    def show(self, done: int) -> None:
        part = "#" * (20 * done // self._total)
        print(
            f"\r{self._doing} [{part:20}] {done}/{self._total}", end="", file=sys.stderr, flush=True
        )

    def close(self) -> None:
        print("\r" + " " * 60 + "\r", end="", file=sys.stderr, flush=True)
