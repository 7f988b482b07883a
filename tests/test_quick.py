"""Frozen dataclasses that are quick to make are still frozen dataclasses."""

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, replace

import pytest

from rollviz._quick import maker, quick


@quick
@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0
    tags: dict[str, str] = field(default_factory=dict)


def test_defaults_are_filled_in():
    assert Point(1) == Point(x=1, y=0, tags={})
    assert Point(1).tags is not Point(1).tags, "a default that is made is made for each"


def test_it_is_frozen_once_it_is_made():
    point = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 2
    assert type(point) is Point


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({}, "missing 1 required positional argument: 'x'", id="one too few"),
        pytest.param({"x": 1, "z": 2}, "unexpected keyword argument 'z'", id="an unknown one"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(TypeError, match=message):
        Point(**arguments)


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda point: pickle.loads(pickle.dumps(point)), id="pickle"),
        pytest.param(replace, id="replace"),
        pytest.param(lambda point: Point(**asdict(point)), id="asdict"),
    ],
)
def test_what_works_with_dataclasses_works(same):
    point = Point(1, 2, {"a": "b"})
    assert same(point) == point
    assert type(same(point)) is Point


def test_its_signature_can_be_read():
    assert list(inspect.signature(Point).parameters) == ["x", "y", "tags"]


def test_a_maker_makes_what_the_class_makes():
    make = maker(Point)
    assert make(1) == Point(1)
    assert type(make(1)) is Point
    assert make(x=1, y=2, tags={"a": "b"}) == Point(1, 2, {"a": "b"})
    assert make(1).tags is not make(1).tags, "a default that is made is made for each"
    with pytest.raises(FrozenInstanceError):
        make(1).x = 2
