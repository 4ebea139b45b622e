// <sightline-feedback>: thumbs for an answer, sent to Sightline as a score. No dependency, no markup from
// strings and no inline style, so that it works under a strict Content-Security-Policy and Trusted Types.
// The server bundles this file as /widget.js; the package has it as @sightline/sdk/widget.

/** What `sightline-feedback` events carry. `value` is null when the thumb was taken back. */
export interface FeedbackDetail {
  name: string;
  value: boolean | null;
  comment: string;
  scoreId: string;
  trace: string;
  span: string;
  session: string;
  /** What became of it: `queued` is sent when the server answers again, `refused` never. */
  sent: Promise<Outcome>;
}
export type Outcome = "sent" | "queued" | "refused";

/** A record that waits: where to, with which key, and the request's body. `i` is the score's id. */
interface Waiting {
  u: string;
  k: string;
  b: string;
  i: string;
  t: number;
}
/** What somebody said before, so that a page that is drawn anew shows it and can change it. */
interface Said {
  i: string;
  v: boolean | null;
  c: string;
}

declare global {
  interface HTMLElementTagNameMap {
    "sightline-feedback": SightlineFeedback;
  }
  interface HTMLElementEventMap {
    "sightline-feedback": CustomEvent<FeedbackDetail>;
  }
  interface DocumentEventMap {
    "sightline-feedback": CustomEvent<FeedbackDetail>;
  }
}

const TAG = "sightline-feedback";
const QUEUE = "sightline.feedback.queue";
const SAID = "sightline.feedback.said";
const MOST = 50;
const LONGEST = 4000;
const WEEK = 6048e5;
const AGAIN = 1.5e4;
const LONGEST_WAIT = 6e5;
const LATER = [0, 408, 429, 502, 503, 504];
const HERE = typeof document > "u" ? "" : ((document.currentScript as HTMLScriptElement | null)?.src ?? "");
const TEXTS: Record<string, string> = {
  question: "Was this helpful?",
  up: "Helpful",
  down: "Not helpful",
  thanks: "Thanks for your feedback.",
  later: "Thanks. It will be sent later.",
  undo: "Undo",
  undone: "Your feedback was taken back.",
  refused: "Your feedback could not be sent.",
  comment: "Tell us more (optional)",
  send: "Send",
};
const STYLE = `
:host{display:inline-block;
--a:var(--sightline-accent,#1d5fd1);--o:var(--sightline-on-accent,#fff);--r:var(--sightline-radius,8px);
--l:var(--sightline-line,color-mix(in srgb,currentColor 55%,transparent));--s:var(--sightline-size,44px)}
@supports (color:light-dark(#000,#fff)){:host{--a:var(--sightline-accent,light-dark(#1d5fd1,#8ab4ff));
--o:var(--sightline-on-accent,light-dark(#fff,#0b1220))}}
:host([hidden]),[hidden]{display:none!important}
div{display:flex;flex-wrap:wrap;align-items:center;gap:8px}
button{font:inherit;color:inherit;background:none;border:1px solid var(--l);border-radius:var(--r);
min-width:var(--s);min-height:var(--s);padding:0 10px;display:inline-flex;align-items:center;
justify-content:center;cursor:pointer}
button:hover{border-color:currentColor}
button[aria-pressed=true],.send{background:var(--a);border-color:var(--a);color:var(--o)}
button:disabled{opacity:.5;cursor:default}
:focus-visible{outline:2px solid var(--a);outline-offset:2px}
.undo{border-color:transparent;text-decoration:underline}
.down svg{transform:rotate(180deg)}
svg{width:20px;height:20px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linejoin:round}
.more{flex-basis:100%;align-items:stretch}
textarea{font:inherit;color:FieldText;background:Field;border:1px solid var(--l);border-radius:var(--r);
padding:8px 10px;flex:1 1 220px;width:100%;min-width:0;min-height:var(--s);box-sizing:border-box;resize:vertical}
::placeholder{color:inherit;opacity:.75}
@media (forced-colors:active){button[aria-pressed=true]{forced-color-adjust:none;background:Highlight;color:HighlightText}}
`;
const THUMB =
  "M7 21V10l4-8 1.6.7c.9.4 1.4 1.4 1.2 2.4L13 9h6.4a2 2 0 0 1 2 2.4l-1.5 8A2 2 0 0 1 18 21H7Zm0-11H3v11h4";

/** Where localStorage is blocked or full, a page remembers for as long as it is open. */
let memory: Record<string, string> | undefined;
function kept<T>(name: string): T[] {
  try {
    const found: unknown = JSON.parse((memory ?? localStorage)[name] ?? "[]");
    return Array.isArray(found) ? (found as T[]) : [];
  } catch {
    return [];
  }
}
function keep(name: string, list: unknown[]): void {
  const text = JSON.stringify(list.slice(-MOST));
  try {
    if (!memory) localStorage.setItem(name, text);
  } catch {
    memory = {};
  }
  if (memory) memory[name] = text;
}

let again = AGAIN;
let sending: Promise<void> | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
const outcomes = new Map<string, Outcome>();

/** Send what waits, in its order, one after the other: a change of mind must not overtake what it changes. */
function flush(): Promise<void> {
  return (sending ??= drain());
}

async function drain(): Promise<void> {
  await null; // so that `sending` is set before it is taken back
  for (;;) {
    const one = kept<Waiting>(QUEUE).find((w) => Date.now() - w.t < WEEK);
    if (!one) break;
    let status = 0;
    let wait = (again = Math.min(2 * again, LONGEST_WAIT));
    try {
      const answer = await fetch(`${one.u}/v1/logs`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": one.k },
        body: one.b,
        keepalive: true,
        credentials: "omit",
      });
      status = answer.status;
      wait = 1e3 * Number(answer.headers.get("retry-after")) || wait;
    } catch {
      // The server cannot be reached, or does not let this page send; neither can be told from here.
    }
    if (LATER.includes(status)) {
      clearTimeout(timer);
      timer = setTimeout(() => void flush(), wait);
      break;
    }
    again = AGAIN;
    outcomes.set(one.b, status < 300 ? "sent" : "refused");
    keep(
      QUEUE,
      kept<Waiting>(QUEUE).filter((w) => w.b !== one.b && Date.now() - w.t < WEEK),
    );
    if (status >= 300)
      console.warn(`${TAG}: ${one.u} refused feedback with ${status}; check the key and its sites`);
  }
  sending = undefined;
}

async function post(one: Waiting): Promise<Outcome> {
  // What waits for the same score is replaced; what is on its way already is not held up.
  const others = kept<Waiting>(QUEUE).filter((w, at) => w.i !== one.i || (at === 0 && sending));
  keep(QUEUE, [...others, one]);
  await flush();
  const outcome = outcomes.get(one.b) ?? "queued";
  outcomes.delete(one.b);
  return outcome;
}

/** A beacon has no headers, so the key is in its address; text needs no question beforehand. What it carried
 * stays in the queue, since nobody says whether it arrived: the same bytes again count once. */
function farewell(): void {
  for (const w of kept<Waiting>(QUEUE)) navigator.sendBeacon?.(`${w.u}/v1/logs?key=${w.k}`, w.b);
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string>,
  ...inside: Node[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]!);
  made.append(...inside);
  return made;
}

function button(part: string, ...inside: Node[]): HTMLButtonElement {
  return element("button", { part: `button ${part}`, type: "button", class: part }, ...inside);
}

function thumb(name: string): HTMLSlotElement {
  const drawn = (tag: string, attributes: Record<string, string>): Element => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const key in attributes) made.setAttribute(key, attributes[key]!);
    return made;
  };
  const svg = drawn("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  svg.append(drawn("path", { d: THUMB }));
  return element("slot", { name }, svg);
}

/** Properties, each read from the attribute of its name. */
const READ: Record<string, (of: HTMLElement) => string | boolean> = {
  server(of) {
    try {
      return new URL(of.getAttribute("server") || HERE).origin;
    } catch {
      return "";
    }
  },
  key: (of) => of.getAttribute("key") || of.getAttribute("public-key") || "",
  trace: (of) => found(of.getAttribute("trace"), 32),
  span: (of) => found(of.getAttribute("span"), 16),
  session: (of) => of.getAttribute("session") ?? "",
  name: (of) => of.getAttribute("name") || "helpful",
  comment: (of) => of.hasAttribute("comment"),
  disabled: (of) => of.hasAttribute("disabled"),
};
const PROPERTIES = Object.keys(READ);
const NOTHING: Said = { i: "", v: null, c: "" };
let sheet: CSSStyleSheet | undefined;
const shown = new Set<SightlineFeedback>();
const Base = (globalThis.HTMLElement ?? Object) as typeof HTMLElement;

/**
 * The element. Attributes are properties too; the attribute `public-key` is `key` for frameworks that keep
 * `key` for themselves (React, Vue). Texts are attributes `text-…` with the names of TEXTS.
 */
export class SightlineFeedback extends Base {
  static readonly observedAttributes = [
    "public-key",
    ...PROPERTIES,
    ...Object.keys(TEXTS).map((name) => `text-${name}`),
  ];
  declare server: string;
  declare key: string;
  declare trace: string;
  declare span: string;
  declare session: string;
  declare name: string;
  declare comment: boolean;
  declare disabled: boolean;
  #said = NOTHING;
  #question = element("slot", { name: "question" });
  #up = button("up", thumb("up"));
  #down = button("down", thumb("down"));
  #status = element("span", { part: "status", role: "status" });
  #undo = button("undo");
  #comment = element("textarea", { part: "comment", rows: "1", maxlength: `${LONGEST}` });
  #send = button("send");
  #more = element("div", { part: "more", class: "more" }, this.#comment, this.#send);

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    root.append(
      element(
        "div",
        { part: "base", role: "group", "aria-labelledby": "q" },
        element("span", { part: "question", id: "q" }, this.#question),
        this.#up,
        this.#down,
        this.#status,
        this.#undo,
        this.#more,
      ),
    );
    for (const value of [true, false]) {
      this.#thumb(value).addEventListener("click", (event) => {
        // Not the second click of a double click; those of the keyboard count 0.
        if (event.detail < 2) void this.give(this.#said.v === value ? null : value, this.#said.c);
      });
    }
    this.#undo.addEventListener("click", () => this.#give(null));
    this.#send.addEventListener("click", () => this.#tell());
    this.#comment.addEventListener("keydown", (event) => {
      // The host page's shortcuts are none of this field's.
      event.stopPropagation();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#tell();
    });
  }

  connectedCallback(): void {
    const me = this as unknown as Record<string, unknown>;
    for (const name of PROPERTIES) {
      // Set before the element was defined: the property stands in front of the accessor.
      if (!Object.hasOwn(this, name)) continue;
      const value = me[name];
      delete me[name];
      me[name] = value;
    }
    shown.add(this);
    this.#recall();
    void flush();
  }

  disconnectedCallback(): void {
    shown.delete(this);
  }

  attributeChangedCallback(_: string, before: string | null, now: string | null): void {
    if (before !== now) this.#recall();
  }

  /** Give a thumb as a click does: true is up, false is down, null takes it back. */
  async give(value: boolean | null, comment = ""): Promise<Outcome | undefined> {
    const before = this.#said;
    if (!this.#ready() || (value === before.v && comment === before.c)) return undefined;
    // Taken back and given again is another score: what was deleted stays deleted.
    const i = before.i || crypto.getRandomValues(new Uint32Array(4)).join("-");
    const target = this.#target();
    const said = value === null ? NOTHING : { i, v: value, c: comment.slice(0, LONGEST) };
    this.#remember(target, said);
    this.#draw(value === null ? "undone" : "thanks");
    const { server, key, trace, span, session, name } = this;
    const b = JSON.stringify(record(this, i, value, said.c));
    const sent = post({ u: server, k: key, b, i, t: Date.now() });
    const detail: FeedbackDetail = { name, value, comment: said.c, scoreId: i, trace, span, session, sent };
    this.dispatchEvent(new CustomEvent(TAG, { bubbles: true, composed: true, detail }));
    const outcome = await sent;
    if (this.#said === said && outcome !== "sent") {
      if (outcome === "refused") this.#remember(target, NOTHING);
      this.#draw(outcome === "refused" ? outcome : "later");
    }
    return outcome;
  }

  #target(): string {
    return [this.server, this.key, this.trace, this.span, this.session, this.name].join();
  }

  #thumb(value: boolean | null): HTMLButtonElement {
    return value ? this.#up : this.#down;
  }

  #ready(): boolean {
    return !!(this.server && this.key && (this.trace || this.session)) && !this.disabled;
  }

  #recall(): void {
    const target = this.#target();
    this.#said = kept<[string, Said]>(SAID).find(([where]) => where === target)?.[1] ?? NOTHING;
    this.#draw();
  }

  #remember(target: string, said: Said): void {
    this.#said = said;
    const others = kept<[string, Said]>(SAID).filter(([where]) => where !== target);
    keep(SAID, said.i ? [...others, [target, said]] : others);
    // Two of them about the same say the same.
    for (const one of shown) if (one !== this && one.#target() === target) one.#recall();
  }

  /** As `give`, for a control that is gone afterwards: the focus goes where it was before. */
  #give(value: boolean | null, comment = ""): void {
    this.#thumb(this.#said.v).focus();
    void this.give(value, comment);
  }

  #tell(): void {
    const text = this.#comment.value.trim();
    if (text) this.#give(this.#said.v, text);
  }

  #text(name: string): string {
    return this.getAttribute(`text-${name}`) ?? TEXTS[name] ?? "";
  }

  #draw(news = ""): void {
    const { v, c } = this.#said;
    this.#question.textContent = this.#text("question");
    for (const value of [true, false]) {
      const one = this.#thumb(value);
      one.ariaLabel = this.#text(value ? "up" : "down");
      one.ariaPressed = `${v === value}`;
      one.disabled = !this.#ready();
    }
    this.#undo.textContent = this.#text("undo");
    this.#undo.hidden = v === null;
    this.#send.textContent = this.#text("send");
    this.#comment.placeholder = this.#comment.ariaLabel = this.#text("comment");
    if (v === null) this.#comment.value = "";
    this.#more.hidden = !this.comment || v === null || c !== "";
    this.#status.textContent = news && this.#text(news);
  }
}

// Properties write their attributes, so that frameworks may set either.
for (const name of PROPERTIES) {
  Object.defineProperty(SightlineFeedback.prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: HTMLElement) {
      return READ[name]!(this);
    },
    set(this: HTMLElement, value: unknown) {
      if (value == null || value === false) this.removeAttribute(name);
      else this.setAttribute(name, value === true ? "" : `${value}`);
    },
  });
}

/** An id of so many hex digits, also out of a `traceparent`; "" for anything else. */
function found(text: string | null, digits: number): string {
  const ids = (text ?? "").toLowerCase().match(/[0-9a-f]+/g) ?? [];
  return ids.find((id) => id.length === digits && /[^0]/.test(id)) ?? "";
}

/** The request with one log record, as OTLP/JSON. */
function record(of: SightlineFeedback, id: string, value: boolean | null, comment: string): unknown {
  const { trace, span, session } = of;
  const target = trace ? (span ? "span" : "trace") : "session";
  const said: [string, string | number | boolean][] = [
    ["gen_ai.evaluation.name", of.name],
    ["sightline.score.id", id],
    ["sightline.score.target", target],
    ["sightline.score.data_type", "boolean"],
    ["sightline.score.source", "end_user"],
    ["sightline.score.method", "widget"],
  ];
  if (value === null) said.push(["sightline.score.deleted", true]);
  else said.push(["gen_ai.evaluation.score.value", Number(value)]);
  if (comment) said.push(["gen_ai.evaluation.explanation", comment]);
  if (session) said.push(["session.id", session]);
  const attributes = said.map(([key, of]) => ({
    key,
    value:
      typeof of === "string"
        ? { stringValue: of }
        : typeof of === "number"
          ? { doubleValue: of }
          : { boolValue: of },
  }));
  const now = `${Date.now()}000000`;
  return {
    resourceLogs: [
      {
        resource: {
          attributes: [{ key: "service.name", value: { stringValue: location.hostname || "page" } }],
        },
        scopeLogs: [
          {
            scope: { name: TAG },
            logRecords: [
              {
                timeUnixNano: now,
                eventName: "gen_ai.evaluation.result",
                ...(trace && { traceId: trace }),
                ...(target === "span" && { spanId: span }),
                attributes,
              },
            ],
          },
        ],
      },
    ],
  };
}

if (typeof customElements < "u" && !customElements.get(TAG)) {
  addEventListener("online", () => void flush());
  addEventListener("pagehide", farewell);
  customElements.define(TAG, SightlineFeedback);
}
