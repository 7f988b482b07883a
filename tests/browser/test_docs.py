"""The documentation as `make docs` builds it, in a real browser."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.published

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "build" / "docs"
PAGES = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))


def test_the_command_card_prints_on_one_page(page):
    page.goto((BUILT / "command-card.html").as_uri())
    assert re.findall(rb"/Count (\d+)", page.pdf(prefer_css_page_size=True)) == [b"1"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_column_and_hides_nothing(name, page):
    page.goto((BUILT / f"{name}.html").as_uri())
    too_wide = page.evaluate(
        "() => [...document.querySelectorAll('article pre, article table')]"
        ".filter(e => e.scrollWidth > e.parentElement.clientWidth + 1).map(e => e.textContent)"
    )
    assert too_wide == []
