"""Numbers and nouns as a sentence wants them."""

from __future__ import annotations

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def number(n: int) -> str:
    """A small number as a word, a larger one in digits.

    >>> number(2), number(11)
    ('two', '11')
    """
    return _WORDS[n] if 0 <= n < len(_WORDS) else str(n)


def pods(n: int, kind: str = "") -> str:
    """So many pods, of a kind.

    >>> pods(1, "old"), pods(0), pods(12, "new")
    ('one old pod', 'no pods', '12 new pods')
    """
    return " ".join(filter(None, (number(n), kind, "pod" if n == 1 else "pods")))


def every(n: int, kind: str = "") -> str:
    """All of so many pods.

    >>> every(1, "old"), every(2), every(5)
    ('the one old pod', 'both pods', 'all five pods')
    """
    if n == 2:
        return " ".join(filter(None, ("both", kind, "pods")))
    return f"{'the' if n == 1 else 'all'} {pods(n, kind)}"


def last(n: int, kind: str = "") -> str:
    """The last so many pods.

    >>> last(1, "new"), last(2, "new")
    ('the last new pod', 'the last two new pods')
    """
    return "the last " + (f"{kind} pod".lstrip() if n == 1 else pods(n, kind))


def be(n: int) -> str:
    """``is`` or ``are``."""
    return "is" if n == 1 else "are"


def plural(n: int, verb: str) -> str:
    """A verb in the third person: one pod goes, two pods go.

    >>> plural(1, "go"), plural(2, "go"), plural(1, "keep")
    ('goes', 'go', 'keeps')
    """
    if n != 1:
        return verb
    return verb + ("es" if verb.endswith("o") else "s")


def listed(parts: list[str]) -> str:
    """Several things in one sentence.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed([])
    ('a, b and c', 'a', '')
    """
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def capital(text: str) -> str:
    """With a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def shortened(text: str, most: int = 60) -> str:
    """A text that came from a cluster, no longer than a sentence can bear.

    >>> shortened("kubectl set image deployment/web", 12)
    'kubectl set…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
