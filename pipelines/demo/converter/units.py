"""Units and the conversion between them; knows nothing of the web."""

from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation

DIGITS = 12
LIMIT = 30  # digits of a value, so that nobody makes the server reckon for a minute


class ConversionError(ValueError):
    """A value or a unit that cannot be converted; the text is meant for people."""


@dataclass(frozen=True)
class Unit:
    """A unit: ``value * factor + offset`` is the value in the base unit of its kind."""

    name: str
    kind: str
    factor: Decimal
    offset: Decimal = Decimal(0)


UNITS = {
    "mm": Unit("millimetre", "length", Decimal("0.001")),
    "m": Unit("metre", "length", Decimal(1)),
    "km": Unit("kilometre", "length", Decimal(1000)),
    "in": Unit("inch", "length", Decimal("0.0254")),
    "mi": Unit("mile", "length", Decimal("1609.344")),
    "g": Unit("gram", "mass", Decimal("0.001")),
    "kg": Unit("kilogram", "mass", Decimal(1)),
    "lb": Unit("pound", "mass", Decimal("0.45359237")),
    "C": Unit("degree Celsius", "temperature", Decimal(1), Decimal("273.15")),
    "K": Unit("kelvin", "temperature", Decimal(1)),
}


def parse(text: str) -> Decimal:
    """Return the number that was written, with a point or a comma."""
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise ConversionError(f"{text!r} is not a number") from None
    if (
        not value.is_finite()
        or len(value.as_tuple().digits) > LIMIT
        or abs(value.adjusted()) > LIMIT
    ):
        raise ConversionError(f"{text!r} is out of range")
    return value


def convert(value: Decimal, source: str, target: str) -> Decimal:
    """Return ``value``, given in unit ``source``, in unit ``target``."""
    for symbol in (source, target):
        if symbol not in UNITS:
            raise ConversionError(f"{symbol!r} is not a unit that is known here")
    old, new = UNITS[source], UNITS[target]
    if old.kind != new.kind:
        raise ConversionError(f"a {old.kind} cannot become a {new.kind}")
    base = value * old.factor + old.offset
    if old.kind == "temperature" and base < 0:
        raise ConversionError("nothing is colder than absolute zero")
    return Context(prec=DIGITS).divide(base - new.offset, new.factor)


def written(value: Decimal) -> str:
    """Return a number as people write it: no exponent, no zeros at the end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
