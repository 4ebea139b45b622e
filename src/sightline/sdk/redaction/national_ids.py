"""National ids by their rules: format, dates inside, check digits. Weak rules need a word that names the id.

Each rule takes the digits (and letters) without separators. A number whose check accepts one of ten or more
by chance counts only where it is written in the id's own form or where a word before it says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sightline.sdk.redaction.checksums import day_of_year, ean, luhn, mod_11_10, verhoeff, weighted

_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12,
         14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip
_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def us_ssn(d: str) -> bool:
    """United States: ranges that were never given are none; 9xx with 50 and more in the middle is an ITIN."""
    area, group = d[:3], int(d[3:5])
    if area[0] == "9":
        return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 99
    return (
        area not in ("000", "666") and group != 0 and d[5:] != "0000" and d not in ("123456789", "078051120")
    )


def uk_nino(d: str) -> bool:
    """United Kingdom: letters that are given, and prefixes that are not."""
    two = d[:2].upper()
    return two not in {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}


def uk_nhs(d: str) -> bool:
    """The NHS number: modulus 11."""
    check = 11 - weighted(d, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return check % 11 == int(d[9]) and check != 10 and len(set(d)) > 2


def de_tax(d: str) -> bool:
    """Germany's Steuer-ID: one digit of the first ten two or three times, none in front, ISO 7064."""
    counts = sorted((d[:10].count(c) for c in set(d[:10])), reverse=True)
    return d[0] != "0" and counts[0] in (2, 3) and (len(counts) < 2 or counts[1] == 1) and mod_11_10(d)


def fr_nir(d: str) -> bool:
    """France's NIR: sex, month, department (2A and 2B are Corsica), and the key modulo 97."""
    body = (
        d[:13].upper().replace("2A", "19", 1).replace("2B", "18", 1)
        if d[5:7].upper() in ("2A", "2B")
        else d[:13]
    )
    month = int(d[3:5])
    return (
        body.isdigit()
        and (1 <= month <= 12 or 20 <= month <= 42 or month >= 50)
        and (97 - int(body) % 97 == int(d[13:]))
    )


def es_dni(d: str) -> bool:
    """Spain's DNI and NIE: the letter is the rest modulo 23."""
    digits = d[:-1].upper().replace("X", "0").replace("Y", "1").replace("Z", "2")
    return _DNI[int(digits) % 23] == d[-1].upper()


def it_fiscal_code(d: str) -> bool:
    """Italy's codice fiscale: month, day, and the letter at its end."""
    d = d.upper()
    odd = sum(_ODD[c] for c in d[0:15:2])
    even = sum(int(c, 36) - 10 if c.isalpha() else int(c) for c in d[1:15:2])
    return d[8] in "ABCDEHLMPRST" and chr(65 + (odd + even) % 26) == d[15]


def nl_bsn(d: str) -> bool:
    """The Netherlands' BSN: the eleven test."""
    return weighted(d, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and len(set(d)) > 1


def ch_ahv(d: str) -> bool:
    """Switzerland's AHV number: 756 and EAN-13."""
    return d.startswith("756") and ean(d)


def se_personal(d: str) -> bool:
    """Sweden's personnummer: a date and Luhn. A child's year in front is more likely that of an order."""
    if len(d) == 12 and not ("1900" <= d[:4] <= "2012"):
        return False
    d = d[-10:]
    day = int(d[4:6])
    return day_of_year(2000 + int(d[:2]), int(d[2:4]), day - 60 if day > 60 else day) and luhn(d)


def pl_pesel(d: str) -> bool:
    """Poland's PESEL: a date whose month carries the century, and its check digit."""
    century, month = divmod(int(d[2:4]), 20)
    year = (1900, 2000, 2100, 2200, 1800)[century] + int(d[:2])
    total = weighted(d, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1))
    return day_of_year(year, month, int(d[4:6])) and total % 10 == 0


def br_cpf(d: str) -> bool:
    """Brazil's CPF: two check digits."""
    if len(set(d)) == 1:
        return False
    for size in (9, 10):
        rest = weighted(d, tuple(range(size + 1, 1, -1))[:size]) * 10 % 11 % 10
        if rest != int(d[size]):
            return False
    return True


def be_national(d: str) -> bool:
    """Belgium's rijksregisternummer: modulo 97, with a 2 in front for those born from 2000 on."""
    check, month = int(d[9:]), int(d[2:4])
    return month <= 12 and check in (97 - int(d[:9]) % 97, 97 - int("2" + d[:9]) % 97)


def fi_hetu(d: str) -> bool:
    """Finland's henkilötunnus: a date and a letter modulo 31."""
    digits = d[:6] + d[-4:-1]
    return day_of_year(0, int(d[2:4]), int(d[:2])) and _HETU[int(digits) % 31] == d[-1].upper()


def no_birth(d: str) -> bool:
    """Norway's fødselsnummer: a date and two check digits."""
    one = -weighted(d, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
    two = -weighted(d, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    day = int(d[:2])
    # 40 or 80 more are numbers of hospitals, of foreigners, and for tests.
    return day_of_year(0, int(d[2:4]) % 40, day % 40) and d[9:] == f"{one}{two}"


def cn_resident(d: str) -> bool:
    """China's resident id: a date and ISO 7064 MOD 11-2."""
    rest = weighted(d, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11
    return day_of_year(int(d[6:10]), int(d[10:12]), int(d[12:14])) and "10X98765432"[rest] == d[17].upper()


def cl_rut(d: str) -> bool:
    """Chile's RUT: modulo 11 with K for ten."""
    total = sum(int(c) * (2 + i % 6) for i, c in enumerate(reversed(d[:-1])))
    return "0123456789K0"[11 - total % 11] == d[-1].upper() if total % 11 else d[-1] == "0"


def ca_sin(d: str) -> bool:
    """Canada's SIN: Luhn; 0 and 8 in front are not given to people."""
    return d[0] not in "08" and luhn(d)


def in_aadhaar(d: str) -> bool:
    """India's Aadhaar: Verhoeff; 0 and 1 in front are not given."""
    return d[0] not in "01" and verhoeff(d) and len(set(d)) > 3


def au_tfn(d: str) -> bool:
    """Australia's tax file number: weights modulo 11."""
    return weighted(d, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def pt_nif(d: str) -> bool:
    """Portugal's NIF: modulus 11."""
    check = 11 - weighted(d, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return d[0] != "0" and (0 if check > 9 else check) == int(d[8])


def at_social(d: str) -> bool:
    """Austria's Sozialversicherungsnummer: a check digit in the fourth place, and a date."""
    check = weighted(d[:3] + d[4:], (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11
    return check == int(d[3]) and day_of_year(0, int(d[6:8]), int(d[4:6]))


def tr_tckn(d: str) -> bool:
    """Türkiye's kimlik numarası: two check digits."""
    n = [int(c) for c in d]
    return n[0] != 0 and (sum(n[0:9:2]) * 7 - sum(n[1:8:2])) % 10 == n[9] and sum(n[:10]) % 10 == n[10]


def kr_resident(d: str) -> bool:
    """Korea's resident number: a date and a digit for the century."""
    return day_of_year(0, int(d[2:4]), int(d[4:6])) and d[6] in "12345678"


@dataclass(frozen=True, slots=True)
class Rule:
    """A national id. `words`: what stands before one that is written as bare digits, in small letters;
    `needs_word`: also before one in its own form."""

    name: str
    check: Callable[[str], bool]
    words: str = ""
    needs_word: bool = False


# Forms that are the id's own: a match that passes its check counts without a word. One expression, since each
# start is tried once; the group's name is the rule's.
FORMS = re.compile(
    r"(?<![\w.+\-/])(?:"
    r"(?P<us_ssn>[0-9]{3}-[0-9]{2}-[0-9]{4})"
    r"|(?P<br_cpf>[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2})"
    r"|(?P<ch_ahv>756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2})"
    r"|(?P<fr_nir>(?:[12] ?|[3478] )[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[ABab]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2})"
    r"|(?P<cn_resident>[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx])"
    r"|(?P<es_dni>[0-9]{8}[- ]?[TRWAGMYFPDXBNJZSQVHLCKEtrwagmyfpdxbnjzsqvhlcke])"
    r"|(?P<be_national>[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2})"
    r"|(?P<fi_hetu>[0-9]{6}[-+][0-9]{3}[0-9A-FHJ-NPR-Ya-fhj-npr-y])"
    r"|(?P<se_personal>(?:(?:19|20)[0-9]{2}[01][0-9][0-9]{2}|[0-9]{6})[-+][0-9]{4})"
    r"|(?P<kr_resident>[0-9]{6}-[1-8][0-9]{6})"
    r"|(?P<cl_rut>[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk])"
    r"|(?P<in_aadhaar>[2-9][0-9]{3} [0-9]{4} [0-9]{4}(?! [0-9]))"
    r"|(?P<de_tax>[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}(?![ ,.][0-9]))"
    r"|(?P<no_birth>[0-9]{6} ?[0-9]{5})"
    r")(?![\w\-]|\.[0-9])"
)
# Forms that another id has, too.
ALIKE: dict[str, tuple[str, ...]] = {"fi_hetu": ("se_personal",)}
RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("us_ssn", us_ssn, r"ssn|social security|itin|taxpayer|tin"),
        Rule("br_cpf", br_cpf, r"cpf"),
        Rule("ch_ahv", ch_ahv),
        Rule("fr_nir", fr_nir),
        Rule("cn_resident", cn_resident),
        Rule("es_dni", es_dni),
        Rule("be_national", be_national, r"rijksregister\w*|registre national|national number|niss|insz"),
        Rule("fi_hetu", fi_hetu),
        Rule("se_personal", se_personal, r"person\w*nummer|personnr|samordningsnummer|personal identity"),
        Rule("kr_resident", kr_resident, r"rrn|resident registration|주민\w*", needs_word=True),
        Rule("cl_rut", cl_rut, r"rut|run"),
        Rule("in_aadhaar", in_aadhaar, r"aadhaar|aadhar|uidai|uid"),
        Rule("de_tax", de_tax, r"steuer[\w-]*|idnr|tin|tax[ _-]?id\w*|idnummer"),
        Rule("no_birth", no_birth),
        Rule("nl_bsn", nl_bsn, r"bsn|burgerservice\w*|sofi\w*"),
        Rule("pl_pesel", pl_pesel, r"pesel\w*"),
        Rule("ca_sin", ca_sin, r"sin|social insurance"),
        Rule("au_tfn", au_tfn, r"tfn|tax file"),
        Rule("pt_nif", pt_nif, r"nif|contribuinte"),
        Rule("at_social", at_social, r"sv-?nr|svnr|sozialversicherung\w*"),
        Rule("tr_tckn", tr_tckn, r"tckn|t\.?c\.? ?kimlik\w*|kimlik\w*"),
        Rule("uk_nhs", uk_nhs, r"nhs"),
    )
}
# Bare digits, perhaps in groups, by how many there are: the rules that a word before them can call for.
BY_SIZE: dict[int, tuple[str, ...]] = {
    8: (),
    9: ("us_ssn", "nl_bsn", "ca_sin", "au_tfn", "pt_nif"),
    10: ("se_personal", "uk_nhs", "at_social"),
    11: ("de_tax", "pl_pesel", "br_cpf", "be_national", "tr_tckn"),
    12: ("in_aadhaar", "se_personal"),
}
WORDS = {
    name: re.compile(rf"(?<![a-z])(?:{rule.words})(?![a-z])") for name, rule in RULES.items() if rule.words
}
ANY_WORD = re.compile(rf"(?<![a-z])(?:{'|'.join(r.words for r in RULES.values() if r.words)})(?![a-z])")
# Letters in front of few digits: searched for by their first digit, since digits are rare.
_IDS = (
    r"(?<=[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z][0-9])"
    r"(?P<uk_nino>[0-9] ?[0-9]{2} ?[0-9]{2} ?[A-Da-d](?!\w))"
    r"|(?<=[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] [0-9])(?P<uk_nino_>[0-9] ?[0-9]{2} ?[0-9]{2} ?[A-D](?!\w))"
    r"|(?<=[XYZxyz][0-9])(?P<es_nie>[0-9]{6}-?[A-Za-z](?!\w))"
    r"|(?<=[XYZ]-[0-9])(?P<es_nie_>[0-9]{6}-?[A-Z](?!\w))"
    r"|(?<=[A-Za-z]{6}[0-9])(?P<it_fiscal_code>[0-9][A-Za-z][0-9]{2}[A-Za-z][0-9]{3}[A-Za-z](?!\w))"
)
# An account number comes first: whoever finds that it is none asks for the ids again.
_START = r"[0-9](?<=[A-Za-z \-][0-9])"
LETTERED = re.compile(
    _START
    + r"(?:(?P<iban>(?<=[A-Za-z]{2}[0-9])(?<![A-Za-z0-9_][A-Za-z]{2}[0-9])[0-9][ \-\u00a0]?[A-Za-z0-9]{2})"
    rf"|{_IDS})"
)
LETTERED_IDS = re.compile(rf"{_START}(?:{_IDS})")
# How many letters and separators stand before that digit.
LEADING = {"uk_nino": 2, "uk_nino_": 3, "es_nie": 1, "es_nie_": 2, "it_fiscal_code": 6}
LETTERED_CHECKS: dict[str, Callable[[str], bool]] = {
    "uk_nino": uk_nino, "uk_nino_": uk_nino, "es_nie": es_dni, "es_nie_": es_dni,
    "it_fiscal_code": it_fiscal_code,
}  # fmt: skip
