"""The conversion itself."""

import unittest
from decimal import Decimal

from converter.units import UNITS, ConversionError, convert, parse, written


class Convert(unittest.TestCase):
    """convert()"""

    def test_known_values(self):
        """Values that can be looked up."""
        for value, source, target, expected in (
            ("1", "km", "m", "1000"),
            ("1", "in", "mm", "25.4"),
            ("26.21875", "mi", "km", "42.194988"),
            ("1", "lb", "kg", "0.45359237"),
            ("100", "C", "K", "373.15"),
            ("0", "K", "C", "-273.15"),
        ):
            with self.subTest(value=value, source=source, target=target):
                self.assertEqual(written(convert(Decimal(value), source, target)), expected)

    def test_there_and_back(self):
        """Every unit converts into every other of its kind and back."""
        for source, old in UNITS.items():
            for target, new in UNITS.items():
                if old.kind == new.kind:
                    with self.subTest(source=source, target=target):
                        there = convert(Decimal(7), source, target)
                        self.assertAlmostEqual(convert(there, target, source), 7, places=6)

    def test_what_cannot_be_converted(self):
        """Each says why."""
        for value, source, target, reason in (
            (1, "m", "kg", "a length cannot become a mass"),
            (1, "m", "parsec", "'parsec' is not a unit"),
            (1, "ell", "m", "'ell' is not a unit"),
            (-1, "K", "C", "absolute zero"),
        ):
            with (
                self.subTest(source=source, target=target),
                self.assertRaisesRegex(ConversionError, reason),
            ):
                convert(Decimal(value), source, target)


class Parse(unittest.TestCase):
    """parse() and written()"""

    def test_numbers(self):
        """A comma will do."""
        self.assertEqual(parse(" 1,5 "), Decimal("1.5"))
        self.assertEqual(parse("-0.25"), Decimal("-0.25"))

    def test_not_numbers(self):
        """Words, and what would take for ever."""
        for text in ("", "one", "1,2,3"):
            with self.subTest(text=text), self.assertRaisesRegex(ConversionError, "not a number"):
                parse(text)
        for text in ("NaN", "Infinity", "1e400000", "1" * 40):
            with self.subTest(text=text), self.assertRaisesRegex(ConversionError, "out of range"):
                parse(text)

    def test_written(self):
        """No exponent, no zeros at the end of a fraction."""
        self.assertEqual(written(Decimal("1E+3")), "1000")
        self.assertEqual(written(Decimal("2.500")), "2.5")
        self.assertEqual(written(Decimal("100")), "100")
