// How national ids are written: forms of their own, and the words before bare digits.
import { WORD } from "./found.js";
import { RULES } from "./national_ids.js";

// Forms that are the id's own: a match that passes its check counts without a word. One expression, since
// each start is tried once; the group's name is the rule's.
const OWN = [
  "(?<us_ssn>[0-9]{3}-[0-9]{2}-[0-9]{4})",
  String.raw`(?<br_cpf>[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2})`,
  "(?<ch_ahv>756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2})",
  "(?<fr_nir>(?:[12] ?|[3478] )[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[ABab]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2})",
  "(?<cn_resident>[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx])",
  "(?<es_dni>[0-9]{8}[- ]?[TRWAGMYFPDXBNJZSQVHLCKEtrwagmyfpdxbnjzsqvhlcke])",
  String.raw`(?<be_national>[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2})`,
  String.raw`(?<fi_hetu>[0-9]{6}[\-+][0-9]{3}[0-9A-FHJ-NPR-Ya-fhj-npr-y])`,
  String.raw`(?<se_personal>(?:(?:19|20)[0-9]{2}[01][0-9][0-9]{2}|[0-9]{6})[\-+][0-9]{4})`,
  "(?<kr_resident>[0-9]{6}-[1-8][0-9]{6})",
  String.raw`(?<cl_rut>[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk])`,
  "(?<in_aadhaar>[2-9][0-9]{3} [0-9]{4} [0-9]{4}(?! [0-9]))",
  "(?<de_tax>[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}(?![ ,.][0-9]))",
  "(?<no_birth>[0-9]{6} ?[0-9]{5})",
];
export const FORMS = new RegExp(
  String.raw`(?<![${WORD}.+\-/])(?:${OWN.join("|")})(?![${WORD}\-]|\.[0-9])`,
  "gu",
);
/** Forms that another id has, too. */
export const ALIKE: Readonly<Record<string, readonly string[]>> = { fi_hetu: ["se_personal"] };

/** Bare digits, perhaps in groups, by how many there are: the rules that a word before them can call for. */
export const BY_SIZE: Readonly<Record<number, readonly string[]>> = {
  9: ["us_ssn", "nl_bsn", "ca_sin", "au_tfn", "pt_nif"],
  10: ["se_personal", "uk_nhs", "at_social"],
  11: ["de_tax", "pl_pesel", "br_cpf", "be_national", "tr_tckn"],
  12: ["in_aadhaar", "se_personal"],
};

const worded = Object.entries(RULES).flatMap(([name, { words }]) => (words ? [[name, words] as const] : []));
export const WORDS: Readonly<Record<string, RegExp>> = Object.fromEntries(
  worded.map(([name, words]) => [name, new RegExp(`(?<![a-z])(?:${words})(?![a-z])`, "u")]),
);
export const ANY_WORD = new RegExp(
  `(?<![a-z])(?:${worded.map(([, words]) => words).join("|")})(?![a-z])`,
  "u",
);

// Letters in front of few digits: searched for by their first digit, since digits are rare.
const NO = `(?![${WORD}])`;
const IDS = [
  "(?<=[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z][0-9])" +
    `(?<uk_nino>[0-9] ?[0-9]{2} ?[0-9]{2} ?[A-Da-d]${NO})`,
  `(?<=[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] [0-9])(?<uk_nino_>[0-9] ?[0-9]{2} ?[0-9]{2} ?[A-D]${NO})`,
  `(?<=[XYZxyz][0-9])(?<es_nie>[0-9]{6}-?[A-Za-z]${NO})`,
  `(?<=[XYZ]-[0-9])(?<es_nie_>[0-9]{6}-?[A-Z]${NO})`,
  `(?<=[A-Za-z]{6}[0-9])(?<it_fiscal_code>[0-9][A-Za-z][0-9]{2}[A-Za-z][0-9]{3}[A-Za-z]${NO})`,
].join("|");
const START = String.raw`[0-9](?<=[A-Za-z \-][0-9])`;
const IBAN =
  "(?<iban>(?<=[A-Za-z]{2}[0-9])(?<![A-Za-z0-9_][A-Za-z]{2}[0-9])" +
  String.raw`[0-9][ \-\u00a0]?[A-Za-z0-9]{2})`;
/** An account number comes first: whoever finds that it is none asks for the ids again. */
export const LETTERED = new RegExp(`${START}(?:${IBAN}|${IDS})`, "gu");
export const LETTERED_IDS = new RegExp(`${START}(?:${IDS})`, "uy");
/** How many letters and separators stand before that digit. */
export const LEADING: Readonly<Record<string, number>> = {
  uk_nino: 2,
  uk_nino_: 3,
  es_nie: 1,
  es_nie_: 2,
  it_fiscal_code: 6,
};
