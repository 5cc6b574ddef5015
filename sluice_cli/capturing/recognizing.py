"""Recognizes personal data by the name of its field, or by its format. docs/operating.md lists the kinds.

No rule recognizes every name in free text: users must read the result.
"""

import ipaddress
import re
from collections.abc import Iterator
from enum import StrEnum

from sluice_cli.review.text import SECRET_VALUE


class Kind(StrEnum):
    """A kind of personal data, and the prefix of its pseudonyms."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    ADDRESS = "address"
    DATE = "date"
    IP = "ip"
    TOKEN = "token"  # noqa: S105 - a kind, no secret
    PRINCIPAL = "principal"
    CARD = "card"
    IBAN = "iban"
    NUMBER = "number"  # an official identification number of a person


# Field names in lower case, with letters and digits only: `first_name` is `firstname`.
FIELDS = {
    Kind.EMAIL: r"e?mail(address)?|(from|to|cc|reply|contact|user|customer)e?mail(address)?",
    Kind.PHONE: r"(tele|mobile|cell|home|work)?phone(number|no)?|mobile(number|no)?|tel|telephone|fax(number)?|msisdn",
    Kind.NAME: r"(first|last|full|given|family|middle|sur|nick|display|user|contact|customer|patient|employee|sender"
    r"|recipient|holder|owner|author|maiden)names?|surname|forename|username|login|person|"
    r"nameofcardholder|cardholder(name)?|vorname|nachname|nom|prenom|apellidos?",
    Kind.ADDRESS: r"(street|home|postal|billing|shipping|mailing|delivery)?address(line)?[0-9]?|street(name)?"
    r"|housenumber|postalcode|postcode|zip(code)?",
    Kind.DATE: r"(date)?ofbirth|dateofbirth|birth(day|date)|dob",
    Kind.TOKEN: r".*(secret|passw(or)?d|passphrase|pwd|token|credential|privatekey|apikey|accesskey|sessionkey).*"
    r"|authorization|proxyauthorization|cookie|setcookie|xapikey|jwt|bearer|sessionid|pin",
    Kind.CARD: r"(credit|debit)?card(number|no)?|pan|ccn",
    Kind.IBAN: r"iban|accountnumber|bankaccount",
    Kind.NUMBER: r"ssn|socialsecurity(number)?|nationalid|passport(number|no)?|taxid|driverslicense|licensenumber",
    Kind.IP: r"(source|client|remote|user)?ip(address|v4|v6)?|xforwardedfor|xrealip",
}
_BY_FIELD = [(kind, re.compile(pattern)) for kind, pattern in FIELDS.items()]
# Fields of AWS's events whose names look personal.
NO_PERSONAL_FIELDS = {"nexttoken", "continuationtoken", "eventsourcetoken", "sendername"}

# `name` is personal only if its value looks like a person's name, or if fields beside it are personal.
PLAIN_NAME = "name"
PERSON = re.compile(r"[A-ZÀ-ÖØ-Þ][\w'\u2019-]+(?: [A-ZÀ-ÖØ-Þ][\w.'\u2019-]*){1,3}")

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}(?![\w-])")
# With a country code, or in the North American format. Offsets of time zones (`+02:00`) are shorter.
PHONE = re.compile(r"(?<![\w+.:-])(?:\+[1-9][\d ().\u00a0/-]{6,18}\d|\(\d{3}\) ?\d{3}[-. ]\d{4})(?![\w:])")
IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]|-\w)")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:.])")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
PRINCIPAL = re.compile(r"\bA(?:ID|RO|GP|IP|NP|NV)A[A-Z0-9]{12,}\b")
IAM_USER = re.compile(r"(?<=:user/)[\w+=,.@/-]+")
JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*")
BEARER = re.compile(r"(?<=Bearer )[\w.~+/=-]{8,}")
ACCESS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
CARD = re.compile(r"(?<!\d)\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}(?!\d)")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")

SHAPES = (
    (Kind.TOKEN, JWT),
    (Kind.TOKEN, BEARER),
    (Kind.TOKEN, ACCESS_KEY),
    (Kind.EMAIL, EMAIL),
    (Kind.IBAN, IBAN),
    (Kind.CARD, CARD),
    (Kind.PHONE, PHONE),
    (Kind.NUMBER, SSN),
    (Kind.IP, IPV4),
    (Kind.IP, IPV6),
    (Kind.PRINCIPAL, PRINCIPAL),
    (Kind.PRINCIPAL, IAM_USER),
)


def kind_of_field(name: str) -> Kind | None:
    """The kind of personal data in a field of this name."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if plain in NO_PERSONAL_FIELDS:
        return None
    return next((kind for kind, pattern in _BY_FIELD if pattern.fullmatch(plain)), None)


def found_in(text: str) -> Iterator[tuple[int, int, Kind]]:
    """The positions of personal data in a text, by format. Matches do not overlap; the first format wins."""
    taken: list[tuple[int, int]] = []
    for kind, pattern in SHAPES:
        for found in pattern.finditer(text):
            start, end = found.span()
            if start < end and _is_valid(kind, found[0]) and all(end <= one or start >= other for one, other in taken):
                taken.append((start, end))
                yield start, end, kind
    whole = SECRET_VALUE.search(text)
    if whole and not taken and "://" not in whole[0]:
        yield *whole.span(), Kind.TOKEN


def _is_valid(kind: Kind, text: str) -> bool:
    if kind is Kind.IP:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        # Belongs to nobody: addresses of this machine and of documentation.
        return not (address.is_loopback or address.is_unspecified or _is_for_documentation(address))
    if kind is Kind.IBAN:
        compact = text.replace(" ", "")
        digits = "".join(str(int(one, 36)) for one in compact[4:] + compact[:4])
        return 15 <= len(compact) <= 34 and int(digits) % 97 == 1
    if kind is Kind.CARD:
        return is_luhn(re.sub(r"\D", "", text))
    if kind is Kind.PHONE:
        return 8 <= sum(map(str.isdigit, text)) <= 15
    return not (kind is Kind.EMAIL and text.lower().endswith(("@example.com", "@example.org", "@example.net")))


def is_luhn(digits: str) -> bool:
    """Whether the check digit of a card number is valid.

    https://www.iso.org/standard/70484.html
    """
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


DOCUMENTATION = tuple(map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")))


def _is_for_documentation(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address.version == network.version and address in network for network in DOCUMENTATION)
