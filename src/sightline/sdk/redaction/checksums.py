"""Check digits: pure functions over digits without separators. Each says whether the number can be real."""

from __future__ import annotations

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27,
    "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28,
    "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
    "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28,
    "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22,
    "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25,
    "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip


def luhn(digits: str) -> bool:
    """The check digit of payment cards and many other numbers."""
    total = sum(map(int, digits[-1::-2]))
    return (total + sum(_DOUBLED[int(d)] for d in digits[-2::-2])) % 10 == 0


def card(digits: str) -> bool:
    """A payment card: an issuer's range and length, and Luhn; the same digit over and over is none."""
    size = len(digits)
    if not 14 <= size <= 19 or len(set(digits)) < 2:
        return False
    two, four = int(digits[:2]), int(digits[:4])
    fits = (
        (digits[0] == "4" and size in (16, 19))
        or (size == 16 and (51 <= two <= 55 or 2221 <= four <= 2720))
        or (size == 15 and two in (34, 37))
        or (14 <= size <= 19 and (300 <= int(digits[:3]) <= 305 or two in (36, 38, 39)))
        or (16 <= size <= 19 and (four == 6011 or two in (62, 64, 65, 81) or 3528 <= four <= 3589))
        or (16 <= size <= 19 and 2200 <= four <= 2204)
        or (size in (16, 18, 19) and (two in (50, 56, 57, 58) or two in (60, 61, 63, 67)))
        or (size == 16 and four == 9792)
    )
    return fits and luhn(digits)


def iban_length(country: str) -> int:
    """How many characters an account number of this country has; 0 for a country without any."""
    return _IBAN_LENGTHS.get(country, 0)


def iban(text: str) -> bool:
    """An IBAN in capitals without spaces: its country's length, and 97-10."""
    if len(text) != iban_length(text[:2]) or not text.isalnum() or not text.isascii():
        return False
    try:
        return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1
    except ValueError:
        return False


def weighted(digits: str, weights: tuple[int, ...]) -> int:
    """The sum of digits times weights."""
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))


def mod_11_10(digits: str) -> bool:
    """ISO 7064 MOD 11,10, as in Germany's tax number and in Croatia's OIB."""
    rest = 10
    for digit in digits[:-1]:
        rest = ((int(digit) + rest) % 10 or 10) * 2 % 11
    return (11 - rest) % 10 == int(digits[-1])


def ean(digits: str) -> bool:
    """The check digit of EAN-13, as in Switzerland's AHV number."""
    return sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10 == 0


_D5 = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_TURNS = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415",
    "7046913258",
)  # fmt: skip


def verhoeff(digits: str) -> bool:
    """Verhoeff's check digit, as in India's Aadhaar."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_D5[check][int(_TURNS[place % 8][int(digit)])])
    return check == 0


def day_of_year(year: int, month: int, day: int) -> bool:
    """Whether there is such a day (a 29 February counts in every year that is not known: year 0)."""
    if not 1 <= month <= 12:
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = 29 if month == 2 and leap else 28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31
    return 1 <= day <= last
