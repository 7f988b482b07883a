"""``Did you mean this?``, as spf13/cobra asks it."""

from __future__ import annotations

from collections.abc import Iterable

FAR = 2
"""Names that differ in more letters than this are not suggested."""

SAME = {"ls": "get", "list": "get", "rm": "delete", "remove": "delete", "inspect": "describe"}
"""What people of other tools type."""


def did_you_mean(typed: str, names: Iterable[str]) -> str:
    r"""The end of an error message that names what may have been meant, or "".

    >>> did_you_mean("rollot", ["get", "rollout"])
    '\n\nDid you mean this?\n\trollout\n'
    """
    meant = [name for name in names if _alike(typed.lower(), name) or SAME.get(typed) == name]
    listed = "".join(f"\t{name}\n" for name in meant)
    return f"\n\nDid you mean this?\n{listed}" if meant else ""


def _alike(typed: str, name: str) -> bool:
    return name.startswith(typed) or distance(typed, name) <= FAR


def distance(a: str, b: str) -> int:
    """How many letters must be put in, taken out or replaced to make one of the other.

    >>> distance("aply", "apply"), distance("get", "set")
    (1, 1)
    """
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]
