import { checkOptions, type Given, type Names } from "../../checks/options.ts";
import { show } from "../../checks/show.ts";
import { clientAddress } from "./address.ts";

/** What {@linkcode createHandler} can be told. */
export type HandlerOptions = {
  /** What `/health` calls the model; default what the metadata of its file say as `name`, or `"model"`. */
  readonly name?: string | undefined;
  /** Most bytes that a request's body may have; default 2^21, 2 MiB. */
  readonly maxBytes?: number | undefined;
  /** Most examples that a request may have, and most codes that `/anomaly` may decode for them, `samples` each; default 256. */
  readonly maxBatch?: number | undefined;
  /** Most examples that `/sample` may be asked for; default 256. */
  readonly maxSamples?: number | undefined;
  /**
   * Most work of a request, in multiply-adds; default 2^32, which takes a server from a quarter of a second to a second, but
   * at least one row. What is no multiply-add counts as the number that take as long: 1024 for each number of an answer in
   * JSON, 64 for each pixel. 784-400-20 takes 1.5 million for a row of `/reconstruct`.
   */
  readonly maxWork?: number | undefined;
  /**
   * Most bytes of all requests' bodies together, on their way or waiting for their answer; default 8 maxBytes. The next ones
   * wait for up to 2.5 seconds, and are then refused with 503.
   */
  readonly maxPending?: number | undefined;
  /** Milliseconds that a body may take to arrive; default 30,000. */
  readonly timeout?: number | undefined;
  /** Milliseconds without a byte after which a body is given up; default 5000. */
  readonly stallTimeout?: number | undefined;
  /**
   * Gives the address of a client, of which one may take half of what all may take together. By default it is what
   * `Deno.serve` and `deno serve` say, or the header `cf-connecting-ip` that Cloudflare sets. Behind a proxy, whose address
   * all clients have, it is what the proxy says, such as `(request) => request.headers.get("x-real-ip") ?? undefined`.
   */
  readonly clientAddress?: (request: Request, info: unknown) => string | undefined;
  /** Which other origin's pages may ask, such as `https://example.com`, or `"*"`; default none. */
  readonly cors?: string | undefined;
  /**
   * The page that `GET /` answers with, `explorer` of `@elbo/elbo/explorer`; default none. With it, `GET /model.safetensors`
   * gives the model to all who ask, since the page computes in the browser.
   */
  readonly explorer?: string | undefined;
  /** In pictures each pixel becomes a square of so many a side, from 1 to 16; default 2. */
  readonly scale?: number | undefined;
  /** Gets what failed here and not with the request, which is answered with 500; default `console.error`. */
  readonly onError?: ((error: unknown, request: Request) => void) | undefined;
};

const NAMES: Names<HandlerOptions> = {
  name: true,
  maxBytes: true,
  maxBatch: true,
  maxSamples: true,
  maxWork: true,
  maxPending: true,
  timeout: true,
  stallTimeout: true,
  clientAddress: true,
  cors: true,
  explorer: true,
  scale: true,
  onError: true,
};

type Open = "name" | "maxWork" | "cors" | "explorer";

/** Options that are complete, but for those that depend on the model, or have no default. */
export type Settings = Given<Omit<HandlerOptions, Open>> & Pick<HandlerOptions, Open>;

const ACTION = "Cannot make a handler";

function integer(name: string, value: unknown, most: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most) return;
  const wanted = most === Number.MAX_SAFE_INTEGER ? "a positive integer" : `an integer from 1 to ${most}`;
  throw new RangeError(`${ACTION}: expected ${name} to be ${wanted}, got ${show(value)}`);
}

function check(name: string, value: unknown, type: "string" | "function", wanted: string): void {
  if (value === undefined || typeof value === type) return;
  throw new TypeError(`${ACTION}: expected ${name} to be ${wanted}, got ${show(value)}`);
}

/** Whether a text is an origin as browsers send it, without a path. */
function isOrigin(text: unknown): boolean {
  return typeof text === "string" && URL.canParse(text) && new URL(text).origin === text;
}

/**
 * Fills in the defaults and checks every value.
 *
 * @throws {RangeError} If a number is out of range, or `cors` no origin.
 * @throws {TypeError} If an option is unknown, or one is of the wrong type.
 */
export function resolveOptions(options: HandlerOptions): Settings {
  const given = checkOptions(ACTION, options, NAMES), most = Number.MAX_SAFE_INTEGER;
  const { maxBytes = 2 ** 21, maxBatch = 256, maxSamples = 256, timeout = 30_000, stallTimeout = 5000, scale = 2 } =
    given;
  const { maxPending = 8 * maxBytes, name, maxWork, cors, explorer } = given;
  for (const [name, value] of Object.entries({ maxBytes, maxBatch, maxSamples, maxPending })) {
    integer(name, value, most);
  }
  if (maxWork !== undefined) integer("maxWork", maxWork, most);
  integer("timeout", timeout, 2 ** 31 - 1); // what setTimeout knows
  integer("stallTimeout", stallTimeout, 2 ** 31 - 1);
  integer("scale", scale, 16);
  if (maxPending < maxBytes) {
    throw new RangeError(`${ACTION}: expected maxPending to be at least maxBytes, ${maxBytes}, got ${maxPending}`);
  }
  if (cors !== undefined && cors !== "*" && !isOrigin(cors)) {
    throw new RangeError(
      `${ACTION}: expected cors to be "*" or an origin such as https://example.com, got ${show(cors)}`,
    );
  }
  check("name", name, "string", "a text");
  check("explorer", explorer, "string", "the text of a page");
  check("clientAddress", given.clientAddress, "function", "a function");
  check("onError", given.onError, "function", "a function");
  return {
    ...{ name, maxBytes, maxBatch, maxSamples, maxWork, maxPending, timeout, stallTimeout, scale, cors, explorer },
    clientAddress: given.clientAddress ?? clientAddress,
    onError: given.onError ?? ((error) => console.error(error)),
  };
}
