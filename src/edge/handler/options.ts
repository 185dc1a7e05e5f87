/** What {@linkcode createHandler} can be told. */
export type HandlerOptions = {
  /** Most bytes that a request's body may have; default 2^21, 2 MiB. */
  readonly maxBytes?: number;
  /**
   * Most examples that a request may have, and most codes that `/anomaly` may decode for them, `samples` each; default
   * 256. With the model it bounds the memory and the time that a request takes.
   */
  readonly maxBatch?: number;
  /** Most examples that `/sample` may be asked for; default 256. */
  readonly maxSamples?: number;
  /** Most bytes of bodies on their way, of all requests together; then the next ones are told to wait. Default 8 maxBytes. */
  readonly maxPending?: number;
  /** Milliseconds that a body may take to arrive; default 30,000. */
  readonly timeout?: number;
  /** Which other origin's pages may ask, such as `https://example.com`, or `"*"`; default none. */
  readonly cors?: string;
  /**
   * The page that `GET /` answers with, `explorer` of `@elbo/elbo/explorer`; default none. With it, `GET /model.safetensors`
   * gives the model to whoever asks, since the page computes in the browser.
   */
  readonly explorer?: string;
  /** In pictures each pixel becomes a square of so many a side, from 1 to 16; default 2. */
  readonly scale?: number;
  /** Told of what failed here and not with the request, which is answered with 500; default `console.error`. */
  readonly onError?: (error: unknown, request: Request) => void;
};

/** Options that are complete. */
export type Settings = Required<Omit<HandlerOptions, "cors" | "explorer">> & Pick<HandlerOptions, "cors" | "explorer">;

const ACTION = "Cannot make a handler";

function integer(name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  const wanted = most === Number.MAX_SAFE_INTEGER ? "a positive integer" : `an integer from 1 to ${most}`;
  throw new RangeError(`${ACTION}: expected ${name} to be ${wanted}, got ${value}`);
}

/** Whether a text is an origin as browsers send it, without a path. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/**
 * Fills in the defaults and checks every value.
 *
 * @throws {RangeError} If a number is out of range, or `cors` no origin.
 * @throws {TypeError} If `explorer` is no text, or `onError` no function.
 */
export function resolveOptions(options: HandlerOptions): Settings {
  const { maxBytes = 2 ** 21, maxBatch = 256, maxSamples = 256, timeout = 30_000, scale = 2, cors, explorer } = options;
  const { maxPending = 8 * maxBytes, onError = (error) => console.error(error) } = options;
  for (const [name, value] of Object.entries({ maxBytes, maxBatch, maxSamples, maxPending })) {
    integer(name, value, Number.MAX_SAFE_INTEGER);
  }
  integer("timeout", timeout, 2 ** 31 - 1); // what setTimeout knows
  integer("scale", scale, 16);
  if (maxPending < maxBytes) {
    throw new RangeError(`${ACTION}: expected maxPending to be at least maxBytes, ${maxBytes}, got ${maxPending}`);
  }
  if (cors !== undefined && cors !== "*" && !isOrigin(cors)) {
    throw new RangeError(`${ACTION}: expected cors to be "*" or an origin such as https://example.com, got ${cors}`);
  }
  if (explorer !== undefined && typeof explorer !== "string") {
    throw new TypeError(`${ACTION}: expected explorer to be the text of a page, got ${typeof explorer}`);
  }
  if (typeof onError !== "function") {
    throw new TypeError(`${ACTION}: expected onError to be a function, got ${typeof onError}`);
  }
  return { maxBytes, maxBatch, maxSamples, maxPending, timeout, scale, cors, explorer, onError };
}
