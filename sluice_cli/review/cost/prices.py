"""The price list: prices.toml, or another file of its form."""

import datetime
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from sluice_cli.text import clean

PRICES = Path(__file__).with_name("prices.toml")
OLD = timedelta(days=365)
RENEW = "python scripts/renew_prices.py"
LONGEST = 80


class PriceListError(ValueError):
    """The price list cannot be used; the message is one line that says why."""


class Untold(ValueError):
    """A cost that is unknown; the message says why."""


@dataclass(frozen=True)
class Prices:
    """US dollars, by name of a price. `date` is that of the oldest price."""

    date: datetime.date
    region: str
    each: Mapping[str, float]
    free: tuple[str, ...]

    def of(self, name: str) -> float:
        """The price of one unit, in US dollars. Raises `Untold` where the list has none."""
        if name not in self.each:
            raise Untold(f"the price list has no {name}")
        return self.each[name]

    def is_free(self, type_: str) -> bool:
        return any(fnmatchcase(type_, one) for one in self.free)

    def is_old(self, today: datetime.date) -> bool:
        return today - self.date > OLD


@cache
def read_prices(path: Path = PRICES) -> Prices:
    """Read a price list. Raises `PriceListError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PriceListError(f"the price list {_short(path)} cannot be read: {error.strerror}") from error
    except ValueError as error:  # no UTF-8, or no TOML
        raise PriceListError(f"the price list {_short(path)} is damaged: {_short(error)}") from error
    made, region = _date(document.get("date")), document.get("region")
    free, entries = document.get("free", []), document.get("prices")
    if made is None:
        raise PriceListError(f"the price list {_short(path)} has no date; write `date = 2026-01-31`")
    if not (isinstance(region, str) and region and isinstance(entries, dict) and isinstance(free, list)):
        raise PriceListError(f"the price list {_short(path)} needs `region`, a list `free` and tables `[prices.NAME]`")
    each, dates = {}, [made]
    for name, entry in entries.items():
        usd, per = (_amount(entry.get("usd")), _amount(entry.get("per", 1))) if isinstance(entry, dict) else (None, 1)
        if usd is None or not per:
            raise PriceListError(
                f"the price list {_short(path)} has no usable price {_short(name)}: it needs `usd`, a number of 0 or "
                "more, and `per`, above 0"
            )
        each[name] = usd / per
        if "date" in entry:
            own = _date(entry["date"])
            if own is None:
                raise PriceListError(f"the price list {_short(path)} has no usable date in {_short(name)}")
            dates.append(own)
    return Prices(min(dates), clean(region), each, tuple(one for one in free if isinstance(one, str)))


def _date(value: object) -> datetime.date | None:
    return value if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime) else None


def _amount(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _short(value: object) -> str:
    text = clean(str(value))
    return text if len(text) <= LONGEST else f"…{text[-LONGEST:]}"
