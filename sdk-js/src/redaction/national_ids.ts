// National ids by their rules: format, dates inside, check digits. Weak rules need a word that names the id.
//
// A number whose check accepts one of ten or more by chance counts only where it is written in the id's own
// form or where a word before it says what it is.
import * as checks from "./checksums.js";
import { WORD } from "./found.js";

type Check = (digits: string) => boolean;

const DNI = "TRWAGMYFPDXBNJZSQVHLCKE";
const HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY";
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18].concat([
  20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
]);

const { weighted, rest, luhn, variety, dayOfYear } = checks;
const part = (d: string, from: number, to?: number): number => Number(d.slice(from, to));

/** United States: ranges that were never given are none; 9xx with 50 and more in the middle is an ITIN. */
function usSsn(d: string): boolean {
  const [area, group] = [d.slice(0, 3), part(d, 3, 5)];
  if (area.startsWith("9")) return group >= 50 && group <= 99 && ![66, 67, 68, 69, 89].includes(group);
  if (["000", "666"].includes(area) || group === 0 || d.slice(5) === "0000") return false;
  return !["123456789", "078051120"].includes(d);
}

/** United Kingdom: prefixes that are not given. */
const ukNino: Check = (d) =>
  !["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"].includes(d.slice(0, 2).toUpperCase());

/** The NHS number: modulus 11. */
function ukNhs(d: string): boolean {
  const check = 11 - (weighted(d, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return check % 11 === part(d, 9, 10) && check !== 10 && variety(d) > 2;
}

/** Germany's Steuer-ID: one digit of the first ten two or three times, none in front, ISO 7064. */
function deTax(d: string): boolean {
  const first = Array.from(d.slice(0, 10));
  const counts = [...new Set(first)].map((one) => first.filter((other) => other === one).length);
  const [most = 0, next = 1] = counts.sort((a, b) => b - a);
  return !d.startsWith("0") && (most === 2 || most === 3) && next === 1 && checks.mod1110(d);
}

/** France's NIR: sex, month, department (2A and 2B are Corsica), and the key modulo 97. */
function frNir(d: string): boolean {
  const where = d.slice(5, 7).toUpperCase();
  const body =
    where === "2A" || where === "2B"
      ? d.slice(0, 5) + (where === "2A" ? "19" : "18") + d.slice(7, 13)
      : d.slice(0, 13);
  const month = part(d, 3, 5);
  const dated = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
  return /^[0-9]+$/.test(body) && dated && 97 - (Number(body) % 97) === part(d, 13);
}

/** Spain's DNI and NIE: the letter is the rest modulo 23. */
function esDni(d: string): boolean {
  const digits = d.slice(0, -1).toUpperCase().replace("X", "0").replace("Y", "1").replace("Z", "2");
  return DNI[Number(digits) % 23] === d.slice(-1).toUpperCase();
}

/** Italy's codice fiscale: month, and the letter at its end. */
function itFiscalCode(d: string): boolean {
  const code = d.toUpperCase();
  const value = (sign: string): number => parseInt(sign, 36);
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const one = value(code[i] ?? "0");
    sum += i % 2 === 0 ? (ODD[one] ?? 0) : one > 9 ? one - 10 : one;
  }
  return "ABCDEHLMPRST".includes(code[8] ?? "?") && String.fromCharCode(65 + (sum % 26)) === code[15];
}

/** The Netherlands' BSN: the eleven test. */
const nlBsn: Check = (d) => rest(weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, -1]), 11) === 0 && variety(d) > 1;

/** Sweden's personnummer: a date and Luhn. A child's year in front is more likely that of an order. */
function sePersonal(given: string): boolean {
  if (given.length === 12 && (given.slice(0, 4) < "1900" || given.slice(0, 4) > "2012")) return false;
  const d = given.slice(-10);
  const day = part(d, 4, 6);
  return dayOfYear(2000 + part(d, 0, 2), part(d, 2, 4), day > 60 ? day - 60 : day) && luhn(d);
}

/** Poland's PESEL: a date whose month carries the century, and its check digit. */
function plPesel(d: string): boolean {
  const [century, month] = [Math.floor(part(d, 2, 4) / 20), part(d, 2, 4) % 20];
  const year = ([1900, 2000, 2100, 2200, 1800][century] ?? 0) + part(d, 0, 2);
  return dayOfYear(year, month, part(d, 4, 6)) && weighted(d, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0;
}

/** Brazil's CPF: two check digits. */
function brCpf(d: string): boolean {
  if (variety(d) === 1) return false;
  return [9, 10].every((size) => {
    const weights = Array.from({ length: size }, (_, i) => size + 1 - i);
    return ((weighted(d, weights) * 10) % 11) % 10 === part(d, size, size + 1);
  });
}

/** Belgium's rijksregisternummer: modulo 97, with a 2 in front for those born from 2000 on. */
function beNational(d: string): boolean {
  const body = d.slice(0, 9);
  return part(d, 2, 4) <= 12 && [body, `2${body}`].some((one) => part(d, 9) === 97 - (Number(one) % 97));
}

/** Finland's henkilötunnus: a date and a letter modulo 31. */
function fiHetu(d: string): boolean {
  const digits = d.slice(0, 6) + d.slice(-4, -1);
  return (
    dayOfYear(0, part(d, 2, 4), part(d, 0, 2)) && HETU[Number(digits) % 31] === d.slice(-1).toUpperCase()
  );
}

/** Norway's fødselsnummer: a date and two check digits; 40 or 80 more are of hospitals, for tests. */
function noBirth(d: string): boolean {
  const one = rest(-weighted(d, [3, 7, 6, 1, 8, 9, 4, 5, 2]), 11);
  const two = rest(-weighted(d, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]), 11);
  return dayOfYear(0, part(d, 2, 4) % 40, part(d, 0, 2) % 40) && d.slice(9) === `${one}${two}`;
}

/** China's resident id: a date and ISO 7064 MOD 11-2. */
function cnResident(d: string): boolean {
  const left = weighted(d, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11;
  const dated = dayOfYear(part(d, 6, 10), part(d, 10, 12), part(d, 12, 14));
  return dated && "10X98765432"[left] === d.slice(17, 18).toUpperCase();
}

/** Chile's RUT: modulo 11 with K for ten. */
function clRut(d: string): boolean {
  const body = Array.from(d.slice(0, -1), Number).reverse();
  const left = body.reduce((sum, digit, i) => sum + digit * (2 + (i % 6)), 0) % 11;
  return (left ? "0123456789K"[11 - left] : "0") === d.slice(-1).toUpperCase();
}

/** Canada's SIN: Luhn; 0 and 8 in front are not given to people. */
const caSin: Check = (d) => !"08".includes(d[0] ?? "0") && luhn(d);

/** India's Aadhaar: Verhoeff; 0 and 1 in front are not given. */
const inAadhaar: Check = (d) => !"01".includes(d[0] ?? "0") && checks.verhoeff(d) && variety(d) > 3;

/** Portugal's NIF: modulus 11. */
function ptNif(d: string): boolean {
  const check = 11 - (weighted(d, [9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return !d.startsWith("0") && (check > 9 ? 0 : check) === part(d, 8, 9);
}

/** Austria's Sozialversicherungsnummer: a check digit in the fourth place, and a date. */
function atSocial(d: string): boolean {
  const check = weighted(d.slice(0, 3) + d.slice(4), [3, 7, 9, 5, 8, 4, 2, 1, 6]) % 11;
  return check === part(d, 3, 4) && dayOfYear(0, part(d, 6, 8), part(d, 4, 6));
}

/** Türkiye's kimlik numarası: two check digits. */
function trTckn(d: string): boolean {
  const n = Array.from(d, Number);
  const sum = (of: number[]): number => of.reduce((a, b) => a + b, 0);
  const odd = sum(n.slice(0, 9).filter((_, i) => i % 2 === 0));
  const even = sum(n.slice(0, 8).filter((_, i) => i % 2 === 1));
  return n[0] !== 0 && rest(odd * 7 - even, 10) === n[9] && sum(n.slice(0, 10)) % 10 === n[10];
}

/** Each rule: its check, and the words that stand before one that is written as bare digits. */
export const RULES: Readonly<Record<string, { check: Check; words?: string; needsWord?: boolean }>> = {
  us_ssn: { check: usSsn, words: "ssn|social security|itin|taxpayer|tin" },
  br_cpf: { check: brCpf, words: "cpf" },
  ch_ahv: { check: (d) => d.startsWith("756") && checks.ean(d) },
  fr_nir: { check: frNir },
  cn_resident: { check: cnResident },
  es_dni: { check: esDni },
  be_national: {
    check: beNational,
    words: `rijksregister[${WORD}]*|registre national|national number|niss|insz`,
  },
  fi_hetu: { check: fiHetu },
  se_personal: {
    check: sePersonal,
    words: `person[${WORD}]*nummer|personnr|samordningsnummer|personal identity`,
  },
  kr_resident: {
    check: (d) => dayOfYear(0, part(d, 2, 4), part(d, 4, 6)) && /[1-8]/.test(d[6] ?? ""),
    words: `rrn|resident registration|주민[${WORD}]*`,
    needsWord: true,
  },
  cl_rut: { check: clRut, words: "rut|run" },
  in_aadhaar: { check: inAadhaar, words: "aadhaar|aadhar|uidai|uid" },
  de_tax: { check: deTax, words: `steuer[${WORD}-]*|idnr|tin|tax[ _-]?id[${WORD}]*|idnummer` },
  no_birth: { check: noBirth },
  nl_bsn: { check: nlBsn, words: `bsn|burgerservice[${WORD}]*|sofi[${WORD}]*` },
  pl_pesel: { check: plPesel, words: `pesel[${WORD}]*` },
  ca_sin: { check: caSin, words: "sin|social insurance" },
  au_tfn: { check: (d) => weighted(d, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0, words: "tfn|tax file" },
  pt_nif: { check: ptNif, words: "nif|contribuinte" },
  at_social: { check: atSocial, words: `sv-?nr|svnr|sozialversicherung[${WORD}]*` },
  tr_tckn: { check: trTckn, words: String.raw`tckn|t\.?c\.? ?kimlik[${WORD}]*|kimlik[${WORD}]*` },
  uk_nhs: { check: ukNhs, words: "nhs" },
  uk_nino: { check: ukNino },
  es_nie: { check: esDni },
  it_fiscal_code: { check: itFiscalCode },
};
