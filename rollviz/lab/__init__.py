"""The laboratory's runs: knobs and commands, played again whenever one of them changes.

An :class:`Experiment` is all that a run depends on, so it can be shared as a short text, and
changed from any moment on: what was before comes out the same again, to the byte.

>>> run = Experiment(Knobs(replicas=3), (UPDATE,))
>>> run.play().timeline.last.counts()
Counts(available=3, not_terminating=3, everything=3)
>>> read(share([run])) == [run]
True
"""

from rollviz.lab.experiment import NAME, UPDATE, Experiment, parted
from rollviz.lab.gallery import GALLERY, Story, story
from rollviz.lab.knobs import IMAGES, LIMITS, Knobs, LabError, hints
from rollviz.lab.sharing import read, share

__all__ = [
    "GALLERY",
    "IMAGES",
    "LIMITS",
    "NAME",
    "UPDATE",
    "Experiment",
    "Knobs",
    "LabError",
    "Story",
    "hints",
    "parted",
    "read",
    "share",
    "story",
]
