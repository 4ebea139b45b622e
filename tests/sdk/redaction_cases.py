# ruff: noqa: E501 - the cases are lines of a table
"""A made, labelled set for redaction: several thousand texts from a seed, with what is in them and where.

Numbers with check digits are drawn and then checked by `python-stdnum`, which is nobody's code here, so that a wrong
rule cannot pass by agreeing with itself. What is marked stands between two signs of the private use area that are
taken out when the text is finished; so its place is known also after JSON has escaped it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from stdnum import iban, luhn
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ch import ssn as ahv
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.se import personnummer

OPEN, CLOSE = "\ue000", "\ue001"
_MARK = re.compile(r"\\*(?:\\ue00[01]|[\ue000\ue001])")


@dataclass(frozen=True, slots=True)
class Case:
    """A text and the places in it. `group`: what it tries."""

    text: str
    places: tuple[tuple[int, int, str], ...]
    group: str


def unmarked(marked: str, kinds: list[str], group: str) -> Case:
    """The text without marks, and where they were."""
    pieces, at, last, starts, ends = [], 0, 0, [], []
    for mark in _MARK.finditer(marked):
        pieces.append(marked[last : mark.start()])
        at += mark.start() - last
        last = mark.end()
        (starts if mark[0][-1] in (OPEN, "0") else ends).append(at)
    pieces.append(marked[last:])
    assert len(starts) == len(ends) == len(kinds), marked
    return Case("".join(pieces), tuple(zip(starts, ends, kinds, strict=True)), group)


class Dice:
    """Draws everything from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def digits(self, n: int) -> str:
        return "".join(self.random.choices(string.digits, k=n))

    def letters(self, n: int, of: str = string.ascii_letters + string.digits) -> str:
        found = "".join(self.random.choices(of, k=n))
        return found if len(of) < 20 or any(c.isdigit() for c in found) else found[:-1] + "7"

    def until(self, draw: Callable[[], str], valid: Callable[[str], bool]) -> str:
        while True:
            found = draw()
            if valid(found):
                return found

    def date(self, form: str) -> str:
        return form.format(
            y=f"{self.random.randrange(40, 100):02}", m=f"{self.random.randrange(1, 13):02}",
            d=f"{self.random.randrange(1, 29):02}",
        )  # fmt: skip

    # -- people's data -------------------------------------------------------------------------------------

    def card(self) -> str:
        head, size = self.random.choice(
            [("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16), ("65", 16),
             ("36", 14), ("3530", 16)]
        )  # fmt: skip
        body = head + self.digits(size - len(head) - 1)
        number = body + luhn.calc_check_digit(body)
        sep = self.random.choice(["", " ", "-", "", " "])
        if size == 15:
            return sep.join((number[:4], number[4:10], number[10:]))
        if size == 14:
            return sep.join((number[:4], number[4:10], number[10:]))
        return sep.join(number[i : i + 4] for i in range(0, size, 4))

    def iban(self) -> str:
        country, bban = self.random.choice(
            [("DE", "n" * 18), ("FR", "n" * 23), ("ES", "n" * 20), ("NL", "aaaannnnnnnnnn"), ("CH", "n" * 17),
             ("GB", "aaaa" + "n" * 14), ("AT", "n" * 16), ("IT", "a" + "n" * 22), ("BE", "n" * 12), ("PL", "n" * 24),
             ("NO", "n" * 11), ("MT", "aaaannnnn" + "c" * 18)]
        )  # fmt: skip
        body = "".join(self.digits(1) if c == "n" else self.letters(1, string.ascii_uppercase) for c in bban)
        text = country + iban.calc_check_digits(f"{country}00{body}") + body
        if self.random.random() < 0.5:
            return " ".join(text[i : i + 4] for i in range(0, len(text), 4))
        return text.lower() if self.random.random() < 0.1 else text

    def email(self) -> str:
        pick = self.random.choice
        name = pick(
            [
                "anna",
                "j.smith",
                "max_mustermann",
                "lea+news",
                "x",
                "o'neil".replace("'", ""),
                "müller",
                "info-de",
            ]
        )
        domain = pick(["example", "mail.example", "firma-ag", "uni-köln", "a1", "sub.dept.corp"])
        return f"{name}{pick(['', str(self.random.randrange(99))])}@{domain}.{pick(['com', 'de', 'fr', 'es', 'org', 'co.uk', 'io', 'museum', 'bayern', 'xn--p1ai'])}"

    def phone(self) -> str:
        n = self.digits
        return self.random.choice(
            [
                lambda: f"+49 {self.random.choice(['30', '89', '171', '151'])} {n(3)}{n(4)}",
                lambda: f"+1 ({self.random.randrange(201, 989)}) {self.random.randrange(200, 999)}-{n(4)}",
                lambda: f"+33 6 {n(2)} {n(2)} {n(2)} {n(2)}",
                lambda: f"+34 6{n(2)} {n(3)} {n(3)}",
                lambda: f"+4479{n(8)}",
                lambda: f"+41 44 {n(3)} {n(2)} {n(2)}",
                lambda: f"({self.random.randrange(201, 989)}) {self.random.randrange(200, 999)}-{n(4)}",
                lambda: f"{self.random.randrange(201, 989)}-{self.random.randrange(200, 999)}-{n(4)}",
                lambda: f"06 {n(2)} {n(2)} {n(2)} {n(2)}",
                lambda: (
                    f"0{self.random.choice(['171', '30', '89', '221'])} {self.random.randrange(1, 9)}{n(6)}"
                ),
                lambda: f"0{self.random.choice(['171', '160'])}/{self.random.randrange(1, 9)}{n(6)}",
                lambda: f"+55 11 9{n(4)}-{n(4)}",
                lambda: f"0049 30 {n(3)} {n(4)}",
            ]
        )()

    def national(self) -> tuple[str, str]:
        """An id that counts without a word, and its name."""
        n = self.digits
        name, draw, valid = self.random.choice(
            [
                ("us_ssn", lambda: f"{self.random.randrange(1, 899):03}-{self.random.randrange(1, 99):02}-{self.random.randrange(1, 9999):04}",
                 lambda x: not x.startswith("666")),
                ("uk_nino", lambda: f"{self.random.choice(['AB', 'JG', 'PX', 'SK'])}{self.random.choice(['{0} {1} {2} ', '{0}{1}{2}']).format(n(2), n(2), n(2))}{self.random.choice('ABCD')}",
                 lambda x: True),
                ("br_cpf", lambda: re.sub(r"(...)(...)(...)(..)", r"\1.\2.\3-\4", n(11)), cpf.is_valid),
                ("ch_ahv", lambda: "756." + re.sub(r"(....)(....)(..)", r"\1.\2.\3", n(10)), ahv.is_valid),
                ("fr_nir", lambda: f"{self.random.choice('12')} {n(2)} {self.random.randrange(1, 13):02} {self.random.randrange(1, 95):02} {n(3)} {n(3)} {n(2)}", nir.is_valid),
                ("es_dni", lambda: n(8) + self.random.choice("TRWAGMYFPDXBNJZSQVHLCKE"), dni.is_valid),
                ("es_nie", lambda: self.random.choice("XYZ") + n(7) + self.random.choice("TRWAGMYFPDXBNJZSQVHLCKE"), nie.is_valid),
                ("it_cf", self.fiscal_code, codicefiscale.is_valid),
                ("be_nn", lambda: re.sub(r"(..)(..)(..)(...)(..)", r"\1.\2.\3-\4.\5", self.date("{y}{m}{d}") + n(5)), nn.is_valid),
                ("fi_hetu", lambda: self.date("{d}{m}{y}") + "-" + n(3) + self.random.choice("0123456789ABCDEFHJKLMNPRSTUVWXY"), hetu.is_valid),
                ("se_pnr", lambda: self.date("{y}{m}{d}") + "-" + n(4), personnummer.is_valid),
                ("cn_ric", lambda: "110105" + self.date("19{y}{m}{d}") + n(3) + self.random.choice("0123456789X"), ric.is_valid),
                ("no_fnr", lambda: self.date("{d}{m}{y}") + n(5), fodselsnummer.is_valid),
            ]
        )  # fmt: skip
        return self.until(draw, valid), name

    def fiscal_code(self) -> str:
        capital = string.ascii_uppercase
        body = (
            self.letters(6, "BCDFGLMNPRSTVZ") + self.digits(2) + self.random.choice("ABCDEHLMPRST")
            + f"{self.random.choice([0, 40]) + self.random.randrange(1, 29):02}" + self.random.choice(["H501", "F205", "L219"])
        )  # fmt: skip
        assert set(body[:6]) <= set(capital)
        return body + codicefiscale.calc_check_digit(body)

    def worded(self) -> tuple[str, str]:
        """An id of bare digits with a word in front of it that says what it is."""
        n = self.digits
        word, draw, valid = self.random.choice(
            [
                ("BSN", lambda: n(9), bsn.is_valid), ("burgerservicenummer is", lambda: n(9), bsn.is_valid),
                ("PESEL:", lambda: self.date("{y}{m}{d}") + n(5), pesel.is_valid),
                ("Steuer-ID", lambda: n(11), idnr.is_valid), ("Steueridentifikationsnummer:", lambda: n(11), idnr.is_valid),
                ("CPF", lambda: n(11), cpf.is_valid),
                ("social security number", lambda: f"{self.random.randrange(1, 665):03}{self.random.randrange(1, 99):02}{self.random.randrange(1, 9999):04}", lambda x: True),
                ("personnummer", lambda: self.date("{y}{m}{d}") + n(4), personnummer.is_valid),
            ]
        )  # fmt: skip
        return word, self.until(draw, valid)

    def secret(self) -> str:
        a = self.letters
        hexa = string.hexdigits[:16]
        jwt = ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": self.digits(10), "iat": int(self.digits(9))})
        )
        return self.random.choice(
            [
                lambda: f"sk-proj-{a(40)}T3BlbkFJ{a(40)}", lambda: f"sk-{a(48)}", lambda: f"sk-ant-api03-{a(80)}-{a(6)}AA",
                lambda: f"AIza{a(35)}", lambda: "AKIA" + self.letters(16, string.ascii_uppercase + "234567"),
                lambda: f"ghp_{a(36)}", lambda: f"github_pat_{a(22)}_{a(59)}", lambda: f"xoxb-{self.digits(12)}-{self.digits(12)}-{a(24)}",
                lambda: f"sk_live_{a(24)}", lambda: f"hf_{self.letters(34, string.ascii_letters)}7", lambda: f"sl_i_{self.letters(12, string.ascii_lowercase + string.digits)}_{a(32)}",
                lambda: f"{jwt}.{a(43)}", lambda: f"gsk_{a(52)}", lambda: f"glpat-{a(20)}", lambda: f"npm_{a(36)}",
                lambda: f"lsv2_pt_{self.letters(32, hexa)}_{self.letters(10, hexa)}", lambda: f"sk-lf-{uuid.UUID(int=self.random.getrandbits(128), version=4)}",
                lambda: f"r8_{a(37)}", lambda: f"SG.{a(22)}.{a(43)}", lambda: f"sk-or-v1-{self.letters(64, hexa)}",
            ]
        )()  # fmt: skip


SENTENCES = {
    "card": ["My card is {}, expiry 12/29.", "Bitte belasten Sie meine Kreditkarte {} mit 40 EUR.", "Ma carte bancaire : {}.", "Mi tarjeta es {} y no funciona.", "Pay with {}"],
    "iban": ["Transfer it to {} please.", "Meine IBAN lautet {}.", "Virement vers {} demain.", "El IBAN es {}, gracias.", "IBAN:{}"],
    "email": ["Write to {} please.", "Meine Adresse ist {}.", "Contactez {} pour la suite.", "Escríbeme a {}!", "<{}>", "From: {}"],
    "phone": ["Call me at {} tomorrow.", "Sie erreichen mich unter {}.", "Mon numéro : {}.", "Mi teléfono es {}.", "tel {}"],
    "national_id": ["The number is {}.", "Meine Nummer: {}", "Mon numéro est {}.", "DNI {}, gracias", "id={}"],
    "secret": ["export KEY={}", "I use the key {} for it.", "client = Client(\"{}\")", "Mein Schlüssel ist {}.", "token {}"],
}  # fmt: skip
FILLER = [
    "Can you summarise the attached report in three bullet points?", "Die Lieferung kam am 12.03.2026 um 14:30 Uhr an.",
    "Le rapport trimestriel montre une hausse de 12,5 % par rapport à 2025.", "El pedido 48213 llegó tarde otra vez.",
    "You are a helpful assistant that answers in one sentence.", "Version 3.11.4 fixed issue #10423 in 0.25 s.",
    "It took 1,234.56 ms and used 20480 tokens, which cost $0.0123.", "Siehe Abschnitt 4.2.1, Seite 118 bis 124.",
]  # fmt: skip


def _wrapped(dice: Dice, text: str) -> tuple[str, str]:
    """A text as it comes: alone, among others, in JSON, in JSON of JSON, in a log, a table, code."""
    filler = dice.random.sample(FILLER, 3)
    form = dice.random.randrange(9)
    message = {"role": "user", "content": f"{filler[0]} {text}\n{filler[1]}"}
    if form == 0:
        return text, "alone"
    if form in (1, 2):
        return f"{filler[0]} {filler[1]}\n\n{text} {filler[2]}", "prose"
    if form == 3:
        return json.dumps([message]), "json_ascii"
    if form == 4:
        return json.dumps({"messages": [message], "n": 3}, ensure_ascii=False), "json"
    if form == 5:
        return json.dumps({"arguments": json.dumps(message)}), "json_in_json"
    if form == 6:
        return (
            f"2026-11-26T05:{dice.digits(2)}:07.123456Z INFO [req-{dice.letters(8)}] {text} took_ms=1873",
            "log",
        )
    if form == 7:
        return f"id;when;what\n{dice.digits(7)};2026-01-02;{text};0.25\n", "table"
    return f"def f():\n    # {text}\n    return {dice.digits(5)}\n", "code"


def positives(dice: Dice, count: int) -> Iterator[Case]:
    """Texts with one marked place each."""
    for number in range(count):
        kind = ("card", "iban", "email", "phone", "national_id", "secret", "national_id")[number % 7]
        if kind == "national_id" and number % 2:
            word, value = dice.worded()
            text = f"{word} {OPEN}{value}{CLOSE}."
        else:
            value = dice.national()[0] if kind == "national_id" else getattr(dice, kind)()
            text = dice.random.choice(SENTENCES[kind]).replace("{}", f"{OPEN}{value}{CLOSE}")
        text, group = _wrapped(dice, text)
        yield unmarked(text, [kind], f"{kind} in {group}")
    for _ in range(count // 10):
        value = dice.letters(10) + "!9"
        form = dice.random.choice(
            ['{"user": "x", "password": "%s", "n": 1}', "DB_PASSWORD=%s", "password: %s", '{"headers": {"X-Api-Key": "%s"}}',
             "https://host/x?api_key=%s&n=1", "client_secret = '%s'", "my password is %s", "postgres://app:%s@db.internal:5432/x",
             "Authorization: Bearer %sabcdefghij0123456789"]
        )  # fmt: skip
        marked = form.replace("%s", f"{OPEN}{value}{CLOSE}").replace(
            f"!9{CLOSE}abcdefghij0123456789", f"9abcdefghij0123456789{CLOSE}"
        )
        yield unmarked(marked, ["secret"], "secret by name")


def negatives(dice: Dice, count: int) -> Iterator[Case]:
    """Texts without anything, that look as if."""
    n, a, pick = dice.digits, dice.letters, dice.random.choice
    draws: list[tuple[str, Callable[[], str]]] = [
        ("order id", lambda: f"order {n(pick([6, 8, 10, 11, 12]))} was shipped"),
        ("order id with hyphens", lambda: f"Bestellung {n(3)}-{n(7)}-{n(7)} und AB-{n(6)}-{n(4)}"),
        ("uuid", lambda: f"trace {uuid.UUID(int=dice.random.getrandbits(128), version=4)} ended"),
        ("hash", lambda: f"commit {hashlib.sha1(a(9).encode()).hexdigest()} sha256:{hashlib.sha256(a(9).encode()).hexdigest()}"),
        ("float", lambda: f"loss={dice.random.random()} lr={dice.random.random() * 1e-5} at {dice.random.uniform(-180, 180)}"),
        ("moment", lambda: f"{pick(['2026-11-26T05:35:58.123456789Z', '2026-11-26 05:35:58,123', '26.11.2026 05:35', '11/26/2026 17:35:10'])} {1764135358000 + dice.random.randrange(10**9)} ms"),
        ("version", lambda: f"chdb {n(1)}.{n(2)}.{n(1)}, torch=={n(1)}.{n(2)}.{n(1)}+cu{n(3)} build {n(8)}"),
        ("base64", lambda: "data:image/png;base64," + base64.b64encode(dice.random.randbytes(300)).decode()),
        ("tokens", lambda: f'{{"usage": {{"prompt_tokens": {n(6)}, "completion_tokens": {n(4)}, "total_tokens": {n(7)}}}, "created": 1764135358}}'),
        ("table", lambda: "\n".join("  ".join(n(pick([2, 4, 5, 7])) for _ in range(6)) for _ in range(5))),
        ("list of numbers", lambda: "[" + ", ".join(n(pick([3, 5, 8])) for _ in range(20)) + "]"),
        ("money", lambda: f"Total {n(1)}.{n(3)}.{n(3)},00 EUR, {n(2)} {n(3)} {n(3)} kg, 1,234,567 users"),
        ("barcode", lambda: f"ISBN 978-3-{n(2)}-{n(6)}-{n(1)}, EAN 40{n(11)}, IMEI-free"),
        ("code", lambda: "api_key = os.environ['OPENAI_API_KEY']\npassword: str | None = None\ntoken = tokenizer.decode(ids)\nself.secret = secret"),
        ("handles", lambda: "@app.route('/x')\nnpm i @types/node@20.1.0 logo@2x.png git@github.com:org/repo.git a @ b user@localhost"),
        ("diff", lambda: f"@@ -{n(3)},{n(1)} +{n(3)},{n(2)} @@\n+{n(5)}\n-{n(4)}"),
        ("spans", lambda: f"trace_id={dice.random.getrandbits(128):032x} span_id={dice.random.getrandbits(64):016x} dur={n(9)}ns"),
        ("logprobs", lambda: '{"token": " Hello", "logprob": -0.0123, "bytes": [32, 72]}'),
        ("prose", lambda: " ".join(dice.random.sample(FILLER, 4))),
        ("slugs", lambda: "sk-learn, risk-free-and-well-documented-procedure, task_queue_with_many_words_in_it, ask-anything"),
        ("ranges", lambda: f"pages {n(3)}-{n(3)}, 2019-2024, ids {n(5)}-{n(5)}, port 127.0.0.1:{n(5)}"),
        ("numbers of firms", lambda: f"USt-IdNr. DE{n(9)}, SIRET {n(3)} {n(3)} {n(3)} {n(5)}, HRB {n(6)}, BIC COBADEFFXXX, LEI 5299{n(14)}78"),
        ("references", lambda: f"arXiv:2301.{n(5)} doi:10.1000/{n(3)}.{n(4)} ISSN 2049-{n(4)} RFC {n(4)} PMID {n(8)} US{n(7)}B2 §{n(3)}"),
        ("devices", lambda: f"IMEI 35{n(13)} MAC 00:1a:2b:{n(2)}:{n(2)}:ff SN-{n(4)}-{n(4)}-{n(4)} P/N {n(3)}-{n(4)}-{n(2)}"),
        ("places", lambda: f"{dice.random.uniform(40, 55):.6f}, {dice.random.uniform(5, 15):.6f} ZIP {n(5)}-{n(4)} {n(5)} Berlin, 10 rue X, {n(5)} Paris"),
        ("stretches", lambda: f"01.02.2026-05.03.2026, 12:30-14:45, 2026-01-01/2026-02-01, Q1-Q3, 1990-2000, 09:00:00.123-09:00:01.456, {n(2)}/{n(2)}/2025 - 11/26/2026"),
        ("large numbers", lambda: f"12 345 678,90 EUR; 1.234.567,89; 9,876,543,210; 6.02214076e23; 0x{dice.random.getrandbits(64):016x}; 2^{n(3)}; {n(12)} bytes"),
        ("tracking", lambda: f"1Z{a(6).upper()}{n(10)} JJD{n(14)} RR{n(9)}DE parcel {n(14)} ticket #{n(8)} case-{n(4)}-{n(6)}"),
        ("models and ids", lambda: f"gpt-4o-2024-08-06 claude-sonnet-4-5-20250929 chatcmpl-{a(29)} msg_01{a(22)} call_{a(24)} run-{uuid.UUID(int=dice.random.getrandbits(128))} thread_{a(24)}"),
        ("SQL and config", lambda: f"SELECT key, token FROM t WHERE id={n(8)} AND ts>{n(10)}; PORT=5432 TIMEOUT: 30000 cache_key=user:{n(6)} primary_key: id, foreign key (token_id)"),
        ("questions about secrets", lambda: "How do I reset my password? The API key is stored in a vault. Where is the token: in the header or the cookie? Use Authorization: Bearer <token> and password=<password>, or set OPENAI_API_KEY=your-key-here."),
        ("matrices", lambda: "[[" + "], [".join(", ".join(f"{dice.random.gauss(0, 1):.4f}" for _ in range(6)) for _ in range(4)) + "]]"),
        ("16 digits", lambda: f"transaction {n(16)} done"),
    ]  # fmt: skip
    for number in range(count):
        name, draw = draws[number % len(draws)]
        text = draw()
        if dice.random.random() < 0.3:
            text = json.dumps({"content": text}, ensure_ascii=dice.random.random() < 0.5)
        yield Case(text, (), name)


@cache
def cases(seed: int = 4, positive: int = 4200, negative: int = 4400) -> tuple[Case, ...]:
    """The whole set."""
    dice = Dice(seed)
    return (*positives(dice, positive), *negatives(dice, negative))


@dataclass(slots=True)
class Score:
    """Counts of one kind: places that are there and were covered whole, and places found that are none."""

    there: int = 0
    covered: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def recall(self) -> float:
        return self.covered / self.there if self.there else 1.0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0


Found = tuple[int, int, str]


def score(
    find: Callable[[str], list[Found]], made: tuple[Case, ...]
) -> tuple[dict[str, Score], list[tuple[str, Case, Found]]]:
    """Scores by kind, and the misses and false alarms. Covered: every character of the place, by any kind."""
    scores: dict[str, Score] = {}
    wrong: list[tuple[str, Case, Found]] = []
    for case in made:
        found = find(case.text)
        for start, end, kind in case.places:
            one = scores.setdefault(kind, Score())
            one.there += 1
            left = set(range(start, end))
            for begin, stop, _ in found:
                left -= set(range(begin, stop))
            if all(not case.text[i].isalnum() for i in left):
                one.covered += 1
            else:
                wrong.append(("missed", case, (start, end, kind)))
        for begin, stop, kind in found:
            one = scores.setdefault(kind, Score())
            if any(begin < end and start < stop for start, end, _ in case.places):
                one.right += 1
            else:
                one.wrong += 1
                wrong.append(("false", case, (begin, stop, kind)))
    return scores, wrong
