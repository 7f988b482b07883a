"""Resource quantities (``500m``, ``1.5Gi``), as ``apimachinery/pkg/api/resource`` has them.

>>> str(Quantity.parse("0.5")), str(Quantity.parse("1024Mi"))
('500m', '1Gi')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

FORMAT_WRONG = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
SUFFIX_WRONG = "unable to parse quantity's suffix"

_SHAPE = re.compile(r"([+-]?[0-9]*(?:\.[0-9]*)?)([eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_EXPONENTS = {f"e{power}" if power else "": power for power in range(-9, 400, 3)}
_LONGEST_EXPONENT = 4  # digits: beyond it Go's int32 arithmetic gives up, and so do we


@dataclass(frozen=True)
class Quantity:
    """An amount of a resource, and the family of suffixes that it is written with.

    ``style`` is ``DecimalSI``, ``BinarySI`` or ``DecimalExponent``.
    """

    value: Fraction
    style: str = "DecimalSI"

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """Read a quantity.

        Raises:
            ValueError: it is none, in the API server's words.
        """
        match = _SHAPE.fullmatch(text)
        if not text or not match:
            raise ValueError(FORMAT_WRONG)
        number, suffix = match.groups()
        factor, style = _interpret(suffix)
        return cls(Fraction(_digits(number)) * factor, style).rounded_up(10**9)

    def rounded_up(self, parts: int) -> Quantity:
        """To the next whole part of one, away from zero: a billionth is the smallest amount."""
        steps, rest = divmod(abs(self.value) * parts, 1)
        amount = Fraction(steps + bool(rest), parts)
        return Quantity(-amount if self.value < 0 else amount, self.style)

    def __str__(self) -> str:
        """The canonical form: no fraction, and the largest suffix that needs none."""
        if not self.value:
            return "0"
        if self.style == "BinarySI" and abs(self.value) >= 1024 and self.value.denominator == 1:
            return _scaled(self.value, _BINARY, 2)
        if self.style == "DecimalExponent":
            return _scaled(self.value, _EXPONENTS, 10)
        return _scaled(self.value, _DECIMAL, 10)


def _digits(number: str) -> str:
    """The number with the zeros that Go lets one leave out: ``.5``, ``1.`` and a bare sign."""
    sign = number[:1] if number[:1] in ("+", "-") else ""
    whole, _, rest = number.removeprefix(sign).partition(".")
    return f"{sign}{whole or '0'}.{rest or '0'}"


def _interpret(suffix: str) -> tuple[Fraction, str]:
    if suffix in _DECIMAL:
        return Fraction(10) ** _DECIMAL[suffix], "DecimalSI"
    if suffix in _BINARY:
        return Fraction(2) ** _BINARY[suffix], "BinarySI"
    exponent = suffix[1:]
    digits = exponent.lstrip("+-")
    if suffix[0] in "eE" and digits.isdigit() and len(digits) <= _LONGEST_EXPONENT:
        return Fraction(10) ** int(exponent), "DecimalExponent"
    raise ValueError(SUFFIX_WRONG)


def _scaled(value: Fraction, suffixes: dict[str, int], base: int) -> str:
    """With the largest suffix that leaves a whole number."""
    for suffix, power in sorted(suffixes.items(), key=lambda item: -item[1]):
        amount = value / Fraction(base) ** power
        if amount.denominator == 1:
            return f"{amount}{suffix}"
    return str(value)
