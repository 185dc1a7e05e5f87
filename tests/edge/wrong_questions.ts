/** Changes to questions that make most of them wrong, for fast-check. */
import fc from "npm:fast-check@4.10.2";
import type { Model } from "../../src/edge/mod.ts";
import { goodQuestions, type Question } from "./questions.ts";

type Change = (question: Question) => Question;

const PATHS = ["/", "/health", "/sample", "/encode", "/decode", "/reconstruct", "/anomaly"];
const METHODS = ["GET", "POST", "HEAD", "OPTIONS", "options", "PUT", "DELETE", "PATCH", "get", "Post", "x"];

/** What may stand in JSON where a number stood, and not all of it is JSON. */
const TOKENS = [
  ...['"1"', "null", "true", "[]", "[[0]]", "{}", '{"__proto__":1}', '"\\ud800"', '"\ufeff"', ""],
  ...["NaN", "Infinity", "1e400", "-1e400", "1e39", "-3e38", "1e-400", "-0", "0.5", "2", "-1", "9007199254740993"],
  ...["01", "+1", ".5", "1.", "0x1", "1_0", "1e", "9".repeat(400), `${"[".repeat(900)}${"]".repeat(900)}`, "0,0", "//"],
];

/** What may be added to the beginning of an object. */
const MEMBERS = [
  ...['"__proto__":{"x":[[0]]},', '"constructor":1,', '"x":null,', '"z":[],', '"labels":1,', '"labels":[0,1],'],
  ...['"labels":[[0]],', '"seed":-1,', '"seed":1e400,', '"seed":"0",', '"samples":1e9,', '"samples":0.5,', '"":0,'],
];

const HEADERS: Record<string, string[]> = {
  "content-type": [
    ...["application/json", "application/octet-stream", "APPLICATION/JSON ; charset=UTF-8", "text/plain", ""],
    ...["application/json; charset=utf-16", "multipart/form-data; boundary=x", "application/json, text/html", ";;;"],
  ],
  "content-length": ["0", "-1", "1", "NaN", "0x10", "1e9", "1e999", "12.5", " 7 ", "", "5, 5", "99999999999999999999"],
  "content-encoding": ["gzip", "identity", "IDENTITY", "br, identity", ""],
  "accept": ["image/png", "text/html", "*/*;q=0", "image/*, */*;q=0.1", ";q=1", ",,,", "application/json;q=2", "é"],
  "x-shape": ["1,6", "6", "0,6", "-1,6", "1,6,1", "1e1,6", "999999999,6", "9999999999,6", "1 , 6", "NaN,6", "", ","],
  "origin": ["null", "https://example.com"],
};

const QUERIES = [
  ...["?n=0", "?n=999999999", "?n=-0", "?n=1.5", "?n=٣", "?n=", "?n=1&n=1", "?seed=-1", "?seed=9007199254740992", "?"],
  ...["?seed=0&seed=0", "?samples=9", "?samples=0x1", "?label=0", "?label=0,1", "?label=,", "?label=-0", "?label=99"],
  ...["?as=y", "?as=outputs", "?__proto__=1", "?constructor=1", "?%00=1", "?%ff=1", "?%=1", "#x", "?x=%F0%9F%98%80"],
];

/** A change of a body, which questions without one pass over. */
function onBody(change: (body: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): Change {
  return (question) => question.body ? { ...question, body: change(question.body) } : question;
}

/** A change of a body as text. */
function onText(change: (text: string) => string): Change {
  return onBody((body) => new TextEncoder().encode(change(new TextDecoder().decode(body))));
}

/** The `at`th number of a text replaced. */
function replaceNumber(text: string, at: number, token: string): string {
  const numbers = [...text.matchAll(/-?\d+(\.\d+)?(e[+-]?\d+)?/g)], found = numbers[at % (numbers.length || 1)];
  return found ? text.slice(0, found.index) + token + text.slice(found.index + found[0].length) : text;
}

const bytes = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) }).map(
  ({ at, remove, insert }) =>
    onBody((body) => Uint8Array.from([...body].toSpliced(at % (body.length + 1), remove, ...insert))),
);

/** Any 32 bits in the place of a float32. */
const bits = fc.record({
  at: fc.nat(),
  value: fc.oneof(fc.nat(2 ** 31 - 1), fc.constantFrom(0x7fc00000, 0xff800000, 1)),
})
  .map(({ at, value }) =>
    onBody((body) => {
      const changed = body.slice(), places = Math.floor(body.length / 4);
      if (places > 0) new DataView(changed.buffer).setUint32(4 * (at % places), value, true);
      return changed;
    })
  );

const text = fc.oneof(
  fc.tuple(fc.nat(), fc.constantFrom(...TOKENS)).map(([at, token]) => onText((text) => replaceNumber(text, at, token))),
  fc.constantFrom(...MEMBERS).map((member) => onText((text) => text.replace("{", () => `{${member}`))),
  fc.constantFrom<(text: string) => string>(
    (text) => `[${text}]`,
    (text) => `\ufeff${text}`,
    (text) => `\ufeff\ufeff${text}`,
    (text) => ` \n${text}\t\r`,
    (text) => text + text,
    (text) => `{"x":${text},"x":${text}}`,
    (text) => `${"[".repeat(1500)}${text}`,
    (text) => text.replaceAll("]", ",]"),
    () => `[${"[0],".repeat(900)}[0]]`,
    () => "",
  ).map(onText),
  fc.json({ maxDepth: 3 }).map((json) => onText(() => json)),
);

const length = fc.oneof(
  fc.nat().map((at) => onBody((body) => body.slice(0, at % (body.length + 1)))),
  fc.nat(5000).map((more) =>
    onBody((body) => Uint8Array.from({ length: body.length + more }, (_, i) => body[i] ?? 32))
  ),
);

const header = fc.oneof(
  ...Object.entries(HEADERS).map(([name, values]) => fc.tuple(fc.constant(name), fc.constantFrom(...values))),
  fc.tuple(fc.constantFrom(...Object.keys(HEADERS)), fc.stringMatching(/^[ -~\x80-\xff]{0,30}$/)),
).chain(([name, value]) =>
  fc.boolean().map((instead): Change => (question) => ({
    ...question,
    headers: [...question.headers.filter(([other]) => !instead || other !== name), [name, value]],
  }))
);

const method = fc.oneof(fc.constantFrom(...METHODS), fc.stringMatching(/^[a-z!#$%&'*+.^_`|~-]{1,50}$/))
  .map((method): Change => (question) => ({ ...question, method }));

const path = fc.oneof(
  fc.constantFrom(...PATHS),
  fc.webPath(),
  fc.string({ maxLength: 60, unit: "grapheme" }).map((s) => `/${s}`),
)
  .map((path): Change => (question) => ({ ...question, path }));

const query = fc.oneof(fc.constantFrom(...QUERIES), fc.webQueryParameters().map((query) => `?${query}`))
  .chain((query) =>
    fc.boolean().map((more): Change => (question) => ({
      ...question,
      query: more && question.query ? `${question.query}&${query.slice(1)}` : query,
    }))
  );

const breaksOff = fc.constant<Change>((question) => ({ ...question, fails: true }));

const change = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 3, arbitrary: bytes },
  { weight: 2, arbitrary: bits },
  { weight: 3, arbitrary: header },
  { weight: 2, arbitrary: query },
  ...[length, method, path, breaksOff].map((arbitrary) => ({ weight: 1, arbitrary })),
);

/** Questions of which some are good, most have something wrong, and many more than one thing. */
export function questions(model: Model): fc.Arbitrary<Question> {
  const changed = fc.tuple(goodQuestions(model), fc.array(change, { minLength: 1, maxLength: 3 })).map(
    ([{ rows: _, ...question }, changes]) => changes.reduce((question: Question, change) => change(question), question),
  );
  return fc.oneof({ weight: 1, arbitrary: goodQuestions(model) }, { weight: 3, arbitrary: changed });
}
