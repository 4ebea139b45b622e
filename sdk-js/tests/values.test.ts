import assert from "node:assert/strict";
import { test } from "node:test";
import { addAttributes, attributeOf, cut, plain, textOf } from "../src/core/values.js";

test("plain texts stay as they are", () => {
  assert.equal(textOf("Grüße 👩‍🚀\u0000", 100), "Grüße 👩‍🚀\u0000");
});

test("a cut never splits a character and says how much is missing", () => {
  assert.equal(cut("ab👩cd", 3), "ab… [4 more characters]");
  assert.equal(cut("abc", 3), "abc");
});

class Secret {
  #hidden = 1;
  visible = this.#hidden + 1;
}

const cyclic: Record<string, unknown> = { a: 1 };
cyclic.self = cyclic;
const throwing = {
  ok: 1,
  get bad(): never {
    throw new Error("no");
  },
};
const hostile = new Proxy(
  {},
  {
    ownKeys() {
      throw new Error("no keys");
    },
    get() {
      throw new Error("no members");
    },
  },
);

const cases: [string, unknown, string][] = [
  ["cyclic", cyclic, '{"a":1,"self":"[circular]"}'],
  ["a getter that throws", throwing, '{"ok":1,"bad":"[unreadable]"}'],
  ["a proxy that throws", hostile, '"[unreadable]"'],
  ["a revoked proxy", revoked(), '"[unreadable]"'],
  ["big integers", { n: 12345678901234567890n }, '{"n":"12345678901234567890"}'],
  ["bytes", Buffer.from("hello"), '"[5 bytes]"'],
  ["an array buffer", new ArrayBuffer(8), '"[8 bytes]"'],
  ["an error", new TypeError("bad"), '{"name":"TypeError","message":"bad"}'],
  ["a map", new Map([["k", 1]]), '{"entries":[["k",1]]}'],
  ["a set", new Set([1, 2]), "[1,2]"],
  ["an instance", new Secret(), '{"visible":2}'],
  ["a date", new Date(0), '"1970-01-01T00:00:00.000Z"'],
  [
    "toJSON that throws",
    {
      toJSON: () => {
        throw new Error("no");
      },
    },
    '"[unreadable]"',
  ],
  ["NaN", { x: NaN }, '{"x":"NaN"}'],
  [
    "a function",
    {
      f: function named() {
        /* nothing */
      },
    },
    '{"f":"[function named]"}',
  ],
  ["a symbol", Symbol("s"), '"Symbol(s)"'],
  ["undefined", undefined, "undefined"],
  ["null", null, "null"],
  ["no prototype", Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
];
for (const [name, value, said] of cases) {
  test(`text of ${name}`, () => {
    assert.equal(textOf(value, 1000), said);
  });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

test("what is huge is read only as far as it is kept", () => {
  let read = 0;
  const endless = new Proxy([] as unknown[], {
    get(target, key) {
      read++;
      return key === "length" ? 1e9 : key === Symbol.iterator ? Reflect.get(target, key) : "x".repeat(1000);
    },
  });
  const said = textOf({ endless }, 10_000);
  assert.ok(said.length < 12_000, String(said.length));
  assert.ok(read < 10_000);
  const deep: Record<string, unknown> = {};
  let at = deep;
  for (let i = 0; i < 5000; i++) at = at.in = {} as Record<string, unknown>;
  assert.match(textOf(deep, 1000), /too deep/);
  assert.ok(textOf("x".repeat(10_000_000), 1000).length < 1100);
  assert.ok(
    textOf(
      Array.from({ length: 100_000 }, (_, i) => i),
      1000,
    ).length < 20_000,
  );
});

test("attributes keep their type, lists of one kind too", () => {
  assert.equal(attributeOf(0, 10), 0);
  assert.equal(attributeOf(false, 10), false);
  assert.deepEqual(attributeOf(["a", "b"], 10), ["a", "b"]);
  assert.equal(attributeOf([1, "b"], 100), '[1,"b"]');
  assert.equal(attributeOf(null, 10), undefined);
  assert.equal(attributeOf({ a: 1 }, 10), '{"a":1}');
});

test("an object that says nothing about itself adds nothing", () => {
  assert.deepEqual(addAttributes({ a: 1 }, hostile, 100), { a: 1 });
  assert.deepEqual(addAttributes({}, throwing, 100), { ok: 1, bad: "[unreadable]" });
  assert.deepEqual(addAttributes({}, undefined, 100), {});
});

test("whatever is made up, there is a text, and it is bounded", () => {
  let seed = 42;
  const dice = (sides: number): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed % sides;
  };
  const made = (depth: number): unknown => {
    const kinds = [
      () => dice(1e6) - 5e5,
      () => "\ud800x".repeat(dice(50)),
      () => BigInt(dice(1e9)),
      () => null,
      () => undefined,
      () => Symbol.iterator,
      () => hostile,
      () => cyclic,
      () => new Date(NaN),
      () => Array.from({ length: dice(6) }, () => made(depth - 1)),
      () => Object.fromEntries(Array.from({ length: dice(6) }, (_, i) => [`k${i}`, made(depth - 1)])),
      () => new Map([[made(0), made(depth - 1)]]),
    ];
    return kinds[depth > 0 ? dice(kinds.length) : dice(9)]?.();
  };
  for (let i = 0; i < 2000; i++) {
    const value = made(5);
    const said = textOf(value, 200);
    assert.equal(typeof said, "string");
    assert.ok(said.length <= 240, said);
    plain(value, 50);
  }
});
