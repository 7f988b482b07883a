"""What names, labels and the like must look like: ``apimachinery/pkg/util/validation``.

Every check takes text and gives what is wrong with it, in the API server's words; nothing if
it is right. Lengths are in bytes.

>>> dns1123_label("web")
[]
>>> dns1123_label("web.a")
['must not contain dots']
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

Format = Callable[[str], list[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = _LABEL + r"(\." + _LABEL + ")*"
_UNDERSCORED = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_PERCENT = "[0-9]+%"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HEADER = "[-A-Za-z0-9]+"

_ALPHANUMERIC_ENDS = "must start and end with an alphanumeric character"


def _regex_error(rule: str, pattern: str, *examples: str) -> str:
    """``validation.RegexError``, with its comma and two spaces between examples."""
    listed = "".join(f"'{e}',  or " for e in examples).removesuffix(" or ").rstrip()
    return f"{rule} (e.g. {listed} regex used for validation is '{pattern}')"


def _no_more_than(most: int, text: str, unit: str = "characters") -> list[str]:
    too_long = len(text.encode(errors="surrogatepass")) > most
    return [f"must be no more than {most} {unit}"] if too_long else []


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def dns1123_label(text: str) -> list[str]:
    """An RFC 1123 label: a container's or a volume's name."""
    errors = _no_more_than(63, text)
    if _matches(_LABEL, text):
        return errors
    if _matches(_SUBDOMAIN, text):
        return [*errors, "must not contain dots"]
    rule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'"
    rule += f", and {_ALPHANUMERIC_ENDS}"
    return [*errors, _regex_error(rule, _LABEL, "my-name", "123-abc")]


def dns1123_subdomain(text: str, unit: str = "characters") -> list[str]:
    """An RFC 1123 subdomain: a Deployment's name."""
    return _subdomain(text, unit, _SUBDOMAIN, "'-' or '.'")


def dns1123_subdomain_with_underscore(text: str) -> list[str]:
    """A domain to look names up in."""
    return _subdomain(text, "characters", _UNDERSCORED, "'_', '-' or '.'")


def _subdomain(text: str, unit: str, form: str, signs: str) -> list[str]:
    errors = _no_more_than(253, text, unit)
    if _matches(form, text):
        return errors
    rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters,"
    rule += f" {signs}, and {_ALPHANUMERIC_ENDS}"
    return [*errors, _regex_error(rule, form, "example.com")]


def ip_address(text: str) -> list[str]:
    """An address of IPv4 or IPv6."""
    try:
        if "%" not in text:
            ipaddress.ip_address(text)
            return []
    except ValueError:
        pass
    return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]


def qualified_name(text: str) -> list[str]:
    """A label's or an annotation's key: ``app``, ``example.com/app``."""
    *prefixes, name = text.split("/")
    rule = f"must consist of alphanumeric characters, '-', '_' or '.', and {_ALPHANUMERIC_ENDS}"
    wrong = _regex_error(rule, _KEY, "MyName", "my.name", "123-abc")
    if len(prefixes) > 1:
        optional = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a valid label key {wrong} {optional}"]
    errors = [f"prefix part {words}" for prefix in prefixes for words in _prefix(prefix)]
    errors += [f"name part {w}" for w in _no_more_than(63, name, "bytes")]
    errors += [] if name else ["name part must be non-empty"]
    return errors + ([] if _matches(_KEY, name) else [f"name part {wrong}"])


def _prefix(prefix: str) -> list[str]:
    return dns1123_subdomain(prefix, "bytes") if prefix else ["must be non-empty"]


def annotation_key(text: str) -> list[str]:
    """An annotation's key: a qualified name, in whatever case."""
    return qualified_name(text.lower())


def label_value(text: str) -> list[str]:
    """A label's value."""
    errors = _no_more_than(63, text, "bytes")
    if _matches(f"({_KEY})?", text):
        return errors
    rule = "a valid label must be an empty string or consist of alphanumeric characters,"
    rule += f" '-', '_' or '.', and {_ALPHANUMERIC_ENDS}"
    return [*errors, _regex_error(rule, f"({_KEY})?", "MyValue", "my_value", "12345")]


def percent(text: str) -> list[str]:
    """``25%``."""
    if _matches(_PERCENT, text):
        return []
    rule = "a valid percent string must be a numeric string followed by an ending '%'"
    return [_regex_error(rule, _PERCENT, "1%", "93%")]


def port_name(text: str) -> list[str]:
    """An IANA service name: ``http``."""
    errors = _no_more_than(15, text)
    if not _matches("[-a-z0-9]+", text):
        errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", text):
        errors.append("must contain at least one letter (a-z)")
    if "--" in text:
        errors.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        errors.append("must not begin or end with a hyphen")
    return errors


def env_name(text: str) -> list[str]:
    """An environment variable's name: anything printable but ``=``."""
    if all(" " <= char <= "~" and char != "=" for char in text):
        return []
    rule = "a valid environment variable name must consist only of printable ASCII characters"
    return [rule + " other than '='"]


def config_key(text: str) -> list[str]:
    """A key in a ConfigMap or a Secret."""
    errors = _no_more_than(253, text)
    if not _matches(_CONFIG_KEY, text):
        rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        errors.append(_regex_error(rule, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    if text in (".", ".."):
        return [*errors, f"must not be '{text}'"]
    return errors + (["must not start with '..'"] if text.startswith("..") else [])


def path_segment(text: str) -> list[str]:
    """A part of a URL's path, as a name is in a request."""
    if text in (".", ".."):
        return [f"may not be '{text}'"]
    return [f"may not contain '{sign}'" for sign in "/%" if sign in text]


def http_header(text: str) -> list[str]:
    """An HTTP header's name."""
    if _matches(_HEADER, text):
        return []
    rule = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return [_regex_error(rule, _HEADER, "X-Header-Name")]


def backsteps(text: str) -> list[str]:
    """A path that does not climb."""
    return ["must not contain '..'"] if ".." in text.split("/") else []


def descending_path(text: str) -> list[str]:
    """A relative path that does not climb."""
    return (["must be a relative path"] if text.startswith("/") else []) + backsteps(text)


def local_path(text: str) -> list[str]:
    """A relative path that does not climb, nor look like it: ``..a`` is kept for Kubernetes."""
    reserved = text.startswith("..") and not text.startswith("../")
    return descending_path(text) + (["must not start with '..'"] if reserved else [])
