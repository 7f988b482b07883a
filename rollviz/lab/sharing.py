"""Runs as short texts, to be sent to somebody else: data from a stranger, for who gets it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from rollviz.lab.experiment import Experiment
from rollviz.lab.knobs import Knobs, LabError

FORMAT = 1
LONGEST_TEXT, MOST_BYTES = 4000, 20_000


def share(runs: Sequence[Experiment]) -> str:
    """One run, or both futures of one, as a text of letters, digits, ``-``, ``_`` and ``.``.

    Only what differs from the defaults is in it.
    """
    usual = asdict(Knobs())
    changed = {k: v for k, v in asdict(runs[0].knobs).items() if v != usual[k]}
    body = json.dumps([changed, *(run.commands for run in runs)], separators=(",", ":"))
    packed = base64.urlsafe_b64encode(zlib.compress(body.encode(), 9)).decode().rstrip("=")
    return f"rollviz{FORMAT}.{packed}"


def read(text: str) -> list[Experiment]:
    """The runs in a shared text, or in a link that has one in it. It is data from a stranger.

    Raises:
        LabError: there is none in it, it is damaged, of a newer rollviz, or holds what is no run.
    """
    found = re.search(r"rollviz(\d+)\.([\w-]+)", text[:LONGEST_TEXT], re.ASCII)
    if not found:
        raise LabError(
            "this is no shared run: one begins with 'rollviz1.', as lab.share() gives it"
        )
    if int(found[1]) != FORMAT:
        raise LabError(
            f"this run is of format {found[1]}, and this rollviz reads {FORMAT}: update it"
        )
    knobs, *histories = _unpacked(found[2])
    return [Experiment(knobs, tuple(history)) for history in histories]


def _unpacked(packed: str) -> tuple[Any, ...]:
    try:
        squeezed = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        body = zlib.decompressobj().decompress(squeezed, MOST_BYTES)
        given = json.loads(body)
    except (ValueError, zlib.error, RecursionError):
        raise LabError("this run is damaged: copy the whole of its text") from None
    lists = isinstance(given, list) and all(isinstance(history, list) for history in given[1:])
    if not lists or len(given) not in (2, 3) or not isinstance(given[0], dict):
        raise LabError("this run is damaged: it holds neither knobs nor commands")
    known = {knob.name for knob in fields(Knobs)}
    for name in given[0]:
        if name not in known:
            raise LabError(
                f"{str(name)[:40]!r}: there is no such knob: there are {', '.join(sorted(known))}"
            )
    return (Knobs(**given[0]), *given[1:])
