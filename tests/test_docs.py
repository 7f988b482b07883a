"""The reference leaves no public name out (`make docs` checks that its links lead somewhere)."""

import re
from pathlib import Path

import rollviz

REFERENCE = Path(__file__).parents[1] / "docs" / "reference.md"


def test_every_public_name_is_in_the_reference():
    text = REFERENCE.read_text(encoding="utf-8")
    listed = re.findall(r"^(?: +~rollviz[\w.]*\.|\.\. autodata:: )(\w+)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(set(rollviz.__all__) - {"__version__"})
