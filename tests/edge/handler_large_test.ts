/** Questions as large as they may be, and larger. */
import { assert, assertEquals } from "../assert.ts";
import { get, post, refused, served } from "./handler.ts";

Deno.test("a million of anything is refused", async () => {
  const { handler, errors } = await served(), before = await (await get(handler, "/sample?seed=1")).text();
  const list = (n: number, text: string) => `[${new Array(n).fill(text)}]`;
  const bodies: [body: string, status: number][] = [
    [list(1e6, "0"), 413],
    [list(6e5, "[]"), 413],
    ["[".repeat(2 ** 20), 400],
    ["[".repeat(2 ** 20) + "]".repeat(2 ** 20), 400],
    ['{"x":'.repeat(2 ** 18) + "0" + "}".repeat(2 ** 18), 400],
    [`{"x":[[${"9".repeat(2 ** 20)}]]}`, 400],
    [`{"x":[[0,0,0,0,0,${"0".repeat(2 ** 20)}]]}`, 400],
    [`{"x":[[0,0,0,0,0,0]],"labels":${list(1e6, "0")}}`, 413],
    [`{"${"x".repeat(2 ** 20)}":1}`, 400],
    [`{${Array.from({ length: 2 ** 17 }, (_, i) => `"${i}":0`)}}`, 400],
    ['"' + "\\ud800".repeat(2 ** 18) + '"', 400],
    [" ".repeat(2 ** 21), 400],
    [" ".repeat(2 ** 21 + 1), 413],
  ];
  for (const [body, status] of bodies) {
    const { message } = await refused(await post(handler, "/encode", body), status);
    assert(message.length < 400, message.slice(0, 400));
  }
  for (
    const query of [
      `n=${"9".repeat(60_000)}`,
      `${"n=1&".repeat(20_000)}`,
      `label=${"0,".repeat(30_000)}`,
      "&".repeat(60_000),
    ]
  ) {
    assert((await get(handler, `/sample?${query}`)).status === (query.startsWith("&") ? 200 : 400), query.slice(0, 20));
  }
  assertEquals(await (await get(handler, "/sample?seed=1")).text(), before);
  assertEquals(errors, []);
});
