"""The film as a GIF, looked at pixel by pixel."""

import re
import sys
from io import BytesIO

import pytest
from PIL import Image, ImageColor

from rollviz import gif as gifs
from rollviz.figures import HUES, stage_data
from rollviz.svg import frame
from rollviz.svg_parts import HOLD, MOVE, interpolate, page
from rollviz.timeline import Timeline, load
from rollviz.widgets.player import play
from tests.recorded import watch_file

LANES = (200, 76, 760, 214)
"""Where the pods of both ReplicaSets stand, in pixels."""

DATA = stage_data(load(watch_file("rolling-one-replica")))


@pytest.fixture(scope="module")
def film():
    return Image.open(BytesIO(gifs.gif(DATA)))


def frames(film):
    for index in range(film.n_frames):
        film.seek(index)
        yield film.convert("RGB"), film.info["duration"] / 1000


def pixels(image, hue):
    """How many pixels of the lanes have exactly a version's hue."""
    lanes = image.crop(LANES)
    found = {colour: count for count, colour in lanes.getcolors(lanes.width * lanes.height)}
    return found.get(ImageColor.getrgb(HUES[hue][0]), 0)


def test_it_takes_as_long_as_the_film_and_begins_again(film):
    assert film.info["loop"] == 0
    length = sum(seconds for _, seconds in frames(film))
    assert length == pytest.approx(DATA["seconds"][-1] + HOLD, abs=0.01 * film.n_frames)


def test_the_new_version_takes_the_place_of_the_old(film):
    pictures = [image for image, _ in frames(film)]
    counts = [(pixels(image, 0) > 0, pixels(image, 1) > 0) for image in pictures]
    assert counts[0] == (False, False)
    assert (True, True) in counts
    assert counts[-1] == (False, True)


def test_a_pod_sinks_and_does_not_jump():
    pod = next(pod for pod in DATA["pods"] if pod["exit"] is not None)
    begin = interpolate(DATA["seconds"], gifs._terminates(pod, DATA))
    heights = []
    for part in (0, 0.25, 0.5, 1):
        drawn = frame(DATA, begin + part * MOVE)
        place = re.search(r'translate\(\S+ (\S+)\)"><use href="#terminating"', drawn)
        heights.append(float(place[1]))
    assert heights == sorted(set(heights))
    moments = gifs._moments(DATA)
    assert sum(begin < t < begin + MOVE for t in moments) >= 3


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_has_its_colour_up_to_the_corners(dark):
    image = Image.open(BytesIO(gifs.gif(stage_data(Timeline()), dark=dark))).convert("RGB")
    corner = image.getpixel((0, 0))
    assert corner == ImageColor.getrgb(page(dark))


def test_names_may_hold_anything():
    hostile = "<img src=x onerror=alert(1)>\" ' & \x00 שלום 🚀" + "x" * 253
    data = DATA | {"name": hostile, "seconds": DATA["seconds"][:1], "pods": []}
    assert gifs.gif(data).startswith(b"GIF89a")


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ModuleNotFoundError, match=r"resvg_py: pip install 'rollviz\[gif\]'"):
        gifs.gif(DATA)


def test_no_film_without_words(monkeypatch):
    monkeypatch.setattr(gifs, "plain_style", lambda dark: "text{font-family:'No Such Font'}")
    with pytest.raises(RuntimeError, match="install one, such as DejaVu Sans"):
        gifs.gif(DATA)


def test_a_file_is_overwritten_only_when_that_is_wanted(tmp_path):
    player, path = play(Timeline()), tmp_path / "rollout.gif"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        player.to_gif(path)
    assert path.read_text() == "mine"
    assert player.to_gif(path, overwrite=True).read_bytes().startswith(b"GIF89a")
