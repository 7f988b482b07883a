"""Names that look like Kubernetes': the pod-template-hash and pods' random suffixes.

Source: ``ComputeHash`` (``controller_utils.go``) and ``SafeEncodeString`` (``util/rand``).

Kubernetes hashes a dump of Go structs, which nothing but Go can repeat: our hashes have the same
alphabet, length and use, and other letters.
"""

from __future__ import annotations

import random
from hashlib import blake2b

from rollviz.objects import PodTemplate

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels and no look-alikes, so that no word and no confusion can come of it."""

_PAIRS = [a + b for a in ALPHABET for b in ALPHABET]
_SUFFIXES = len(ALPHABET) ** 5


def compute_hash(template: PodTemplate, collision_count: int | None = None) -> str:
    """The pod-template-hash of a template: ten letters at most, the same for equal templates.

    ``collision_count`` makes another hash of the same template, when the first is taken.
    """
    salt = b"" if collision_count is None else collision_count.to_bytes(4, "little")
    digest = blake2b(template.key.encode() + salt, digest_size=4).digest()
    return safe_encode(str(int.from_bytes(digest, "little")))


def safe_encode(text: str) -> str:
    """Letters of :data:`ALPHABET` in place of the text's own (``SafeEncodeString``).

    >>> safe_encode("1234")
    '5678'
    """
    return "".join([ALPHABET[ord(letter) % len(ALPHABET)] for letter in text])


def random_suffix(rng: random.Random) -> str:
    """Five letters for a pod's name, as ``generateName`` adds."""
    number = int(rng.random() * _SUFFIXES)
    number, last = divmod(number, len(_PAIRS))
    first, middle = divmod(number, len(_PAIRS))
    return ALPHABET[first] + _PAIRS[middle] + _PAIRS[last]
