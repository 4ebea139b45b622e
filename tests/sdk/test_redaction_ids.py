"""Check digits and national ids against readings of others (python-stdnum) and published examples."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import stdnum.gb.nhs
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn, verhoeff
from stdnum.at import vnr
from stdnum.au import tfn
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.cl import rut
from stdnum.de import idnr
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.tr import tckimlik

from sightline.sdk.redaction import checksums, national_ids

Check = Callable[[str], bool]
# Ours, theirs, and how many digits. Theirs may know more: it accepts a part of what ours does.
PAIRS: list[tuple[Check, Check, int]] = [
    (checksums.luhn, luhn.is_valid, 16), (checksums.verhoeff, verhoeff.is_valid, 12),
    (national_ids.de_tax, idnr.is_valid, 11), (national_ids.nl_bsn, bsn.is_valid, 9),
    (national_ids.br_cpf, cpf.is_valid, 11), (national_ids.be_national, nn.is_valid, 11),
    (national_ids.no_birth, fodselsnummer.is_valid, 11), (national_ids.pl_pesel, pesel.is_valid, 11),
    (national_ids.ca_sin, sin.is_valid, 9), (national_ids.au_tfn, tfn.is_valid, 9),
    (national_ids.pt_nif, nif.is_valid, 9), (national_ids.at_social, vnr.is_valid, 10),
    (national_ids.tr_tckn, tckimlik.is_valid, 11), (national_ids.uk_nhs, stdnum.gb.nhs.is_valid, 10),
    (national_ids.fr_nir, nir.is_valid, 15), (national_ids.cl_rut, rut.is_valid, 9),
]  # fmt: skip
# Numbers with a date or a month inside are drawn with one.
DATED: dict[Check, Callable[[str], list[str]]] = {
    national_ids.fr_nir: lambda t: [f"1{t[1:3]}{m}{t[5:]}" for m in ("01", "12")],
    national_ids.at_social: lambda t: [f"{t[:4]}{d}{t[8:]}" for d in ("0101", "2812")],
    national_ids.be_national: lambda t: [f"{t[:2]}{d}{t[6:]}" for d in ("0101", "1228")],
    national_ids.no_birth: lambda t: [f"{d}{t[4:]}" for d in ("0101", "2812", "4101", "0141")],
    national_ids.pl_pesel: lambda t: [f"{t[:2]}{d}{t[6:]}" for d in ("0101", "1228", "2101", "8131")],
}


@pytest.mark.parametrize(("ours", "theirs", "size"), PAIRS, ids=[p[0].__name__ for p in PAIRS])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_others_accept_is_accepted(
    ours: Check, theirs: Check, size: int, data: st.DataObject
) -> None:
    # Most numbers are wrong, so all endings of a drawn one are tried: some of them are right.
    body = data.draw(st.text("0123456789", min_size=size - 2, max_size=size - 2))
    for one in DATED.get(ours, lambda text: [text])(body):
        for ending in range(100):
            number = f"{one}{ending:02}"
            if theirs(number) and len(set(number)) > 3 and number[:9] != "123456789":
                assert ours(number), number


@given(st.text("0123456789", min_size=18, max_size=18))
@settings(deadline=None)
def test_account_numbers_have_97_10(bban: str) -> None:
    good = f"DE{iban.calc_check_digits('DE00' + bban)}{bban}"
    assert checksums.iban(good)
    assert not checksums.iban(good[:-1] + str((int(good[-1]) + 1) % 10))
    assert not checksums.iban(good[:-1])


def test_finland_and_italy() -> None:
    assert national_ids.fi_hetu("131052-308T".replace("-", ""))
    assert hetu.is_valid("131052-308T")
    for code in ("RSSMRA85T10A562S", "RCCMNL83S18D969H"):
        assert codicefiscale.is_valid(code)
        assert national_ids.it_fiscal_code(code)
    assert ahv.is_valid("756.9217.0769.85")
    assert national_ids.ch_ahv("7569217076985")


# The card companies' own numbers for tests.
@pytest.mark.parametrize(
    "number",
    ["4242424242424242", "5555555555554444", "2223003122003222", "378282246310005", "6011111111111117",
     "3056930009020004", "36227206271667", "3566002020360505", "6200000000000005", "4000056655665556"],
)  # fmt: skip
def test_cards_of_all_issuers(number: str) -> None:
    assert checksums.card(number)
    assert not checksums.card(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize("number", ["0000000000000000", "1764135358123456", "9999999999999999"])
def test_what_no_issuer_gives_is_no_card(number: str) -> None:
    assert not checksums.card(number)
