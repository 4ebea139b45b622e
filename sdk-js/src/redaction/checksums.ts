// Check digits over digits without separators: whether a number can be real.

const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 " +
    "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 " +
    "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 " +
    "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 " +
    "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

const numbers = (digits: string): number[] => Array.from(digits, Number);

/** The rest of a division that is never below zero. */
export const rest = (value: number, by: number): number => ((value % by) + by) % by;

/** How many different characters. */
export const variety = (digits: string): number => new Set(digits).size;

/** The check digit of payment cards and many other numbers. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (const [i, digit] of numbers(digits).reverse().entries()) {
    const doubled = i % 2 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** A payment card: an issuer's range and length, and Luhn; the same digit over and over is none. */
export function card(digits: string): boolean {
  const size = digits.length;
  if (size < 14 || size > 19 || variety(digits) < 2) return false;
  const [two, three, four] = [2, 3, 4].map((n) => Number(digits.slice(0, n))) as [number, number, number];
  const among = (value: number, from: number, to: number): boolean => value >= from && value <= to;
  const long = size >= 16;
  const fits =
    (digits.startsWith("4") && (size === 16 || size === 19)) ||
    (size === 16 && (among(two, 51, 55) || among(four, 2221, 2720) || four === 9792)) ||
    (size === 15 && (two === 34 || two === 37)) ||
    among(three, 300, 305) ||
    [36, 38, 39].includes(two) ||
    (long && (four === 6011 || [62, 64, 65, 81].includes(two) || among(four, 3528, 3589))) ||
    (long && among(four, 2200, 2204)) ||
    ([16, 18, 19].includes(size) && [50, 56, 57, 58, 60, 61, 63, 67].includes(two));
  return fits && luhn(digits);
}

/** How many characters an account number of this country has; 0 for a country without any. */
export const ibanLength = (country: string): number => IBAN_LENGTHS[country] ?? 0;

/** An IBAN in capitals without spaces: its country's length, and 97-10. */
export function iban(text: string): boolean {
  if (text.length !== ibanLength(text.slice(0, 2)) || !/^[0-9A-Z]+$/.test(text)) return false;
  return modulo97(Array.from(text.slice(4) + text.slice(0, 4), (sign) => parseInt(sign, 36)).join("")) === 1;
}

function modulo97(digits: string): number {
  let left = 0;
  for (const digit of digits) left = (left * 10 + Number(digit)) % 97;
  return left;
}

/** The sum of digits times weights. */
export function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * Number(digits[i] ?? 0), 0);
}

/** ISO 7064 MOD 11,10, as in Germany's tax number and in Croatia's OIB. */
export function mod1110(digits: string): boolean {
  let left = 10;
  for (const digit of numbers(digits.slice(0, -1))) left = (((digit + left) % 10 || 10) * 2) % 11;
  return rest(11 - left, 10) === Number(digits.at(-1));
}

/** The check digit of EAN-13, as in Switzerland's AHV number. */
export function ean(digits: string): boolean {
  return numbers(digits).reduce((sum, digit, i) => sum + digit * (i % 2 ? 3 : 1), 0) % 10 === 0;
}

const D5 = [
  ["0123456789", "1234067895", "2340178956", "3401289567", "4012395678"],
  ["5987604321", "6598710432", "7659821043", "8765932104", "9876543210"],
].flat();
const TURNS = [
  ["0123456789", "1576283094", "5803796142", "8916043527"],
  ["9453126870", "4286573901", "2793806415", "7046913258"],
].flat();

/** Verhoeff's check digit, as in India's Aadhaar. */
export function verhoeff(digits: string): boolean {
  let check = 0;
  for (const [place, digit] of numbers(digits).reverse().entries()) {
    check = Number(D5[check]?.[Number(TURNS[place % 8]?.[digit])]);
  }
  return check === 0;
}

/** Whether there is such a day; a 29 February counts in year 0, which stands for one that is not known. */
export function dayOfYear(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day >= 1 && day <= last;
}
