/**
 * How long a step would take on more cores, told from its calls on one core and on two.
 *
 * A call that is cut takes r + w imbalance / parts + fork: r, what every part does for itself (packing the same panel), or
 * what memory does not give faster; w, what is shared. Both follow from the two measured times. Imbalance: parts get whole
 * tiles, so some get one more than others. Everything else takes as long as it does now.
 */

/** One call of a step. */
export type Call = {
  readonly kernel: string;
  /** Microseconds on one thread, and on two. */
  readonly one: number;
  readonly two: number;
  /** Rows and columns of the result of a product, or how many elements. */
  readonly M?: number;
  readonly N?: number;
  readonly n?: number;
};

/** What else the prediction rests on. */
export type Costs = {
  /** Microseconds of a fork and join of two threads. */
  readonly fork: number;
  /** Microseconds between the calls of a step. */
  readonly between: number;
  /** Bytes a microsecond beyond the caches, on all cores: taken to stay what it is on two. */
  readonly bandwidth: number;
  /** Bytes of the last level cache. */
  readonly cache: number;
  /** Numbers of the model's parameters. */
  readonly parameters: number;
};

/** Where a step's time goes, in microseconds. */
export type Prediction = {
  readonly total: number;
  /** What is shared, evenly. */
  readonly work: number;
  readonly between: number;
  /** Calls too small to be cut. */
  readonly uncut: number;
  readonly fork: number;
  readonly leftover: number;
  /** What every part does for itself. */
  readonly repeated: number;
  readonly memory: number;
};

/** Microseconds that one more thread adds to a fork and join: a cache line that goes from core to core. Not measured. */
const CLAIM = 0.1;
/** Bytes of parameters, gradients and both moments; bytes that Adam moves. */
const STATE = 16, MOVED = 28;
/** What parts are cut in: rows and columns of a tile, elements of a vector loop. As in wasm/kernels. */
const ROWS = 4, COLUMNS = 12, ELEMENTS = 16;

/**
 * Predicts a step.
 *
 * @param calls Its calls.
 * @param parts Into how many parts each is cut on so many cores.
 */
export function predict(calls: readonly Call[], parts: readonly number[], costs: Costs): Prediction {
  const sum = { work: 0, between: costs.between, uncut: 0, fork: 0, leftover: 0, repeated: 0, memory: 0 };
  calls.forEach((call, i) => {
    const p = parts[i];
    if (p === 1) return sum.uncut += call.one;
    const repeated = Math.min(call.one, Math.max(0, 2 * (call.two - costs.fork) - call.one));
    const adam = call.kernel === "f32_adam", beyond = STATE * costs.parameters > costs.cache;
    // Adam repeats nothing: what two cores do not do in half the time is memory's.
    const shared = adam ? call.one : call.one - repeated, even = shared / p;
    sum.work += even;
    sum.fork += costs.fork + (p - 2) * CLAIM;
    sum.leftover += even * (imbalance(call, p) - 1);
    if (!adam) sum.repeated += repeated;
    else if (beyond) sum.memory += Math.max(0, MOVED * (call.n ?? 0) / costs.bandwidth - even);
  });
  return { total: Object.values(sum).reduce((a, b) => a + b), ...sum };
}

/** The largest part over the mean one. */
function imbalance({ M, N, n }: Call, parts: number): number {
  if (M === undefined || N === undefined) return largest(Math.ceil((n ?? 1) / ELEMENTS), parts);
  const rows = Math.ceil(M / ROWS), columns = Math.ceil(N / COLUMNS);
  // As src/kernels/dense.ts chooses.
  return largest(rows / parts < 4 && columns > rows / 2 ? columns : rows, parts);
}

function largest(units: number, parts: number): number {
  return Math.ceil(units / parts) * parts / units;
}
