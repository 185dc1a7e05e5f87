/** tfjs's (and NumPy's) broadcasting, as plain indices: what is small is repeated along the dimensions where it has 1. */

/** Whether `from` can be repeated to give exactly `to`; leading dimensions of 1 more than `to` has do not matter. */
export function broadcastsTo(from: readonly number[], to: readonly number[]): boolean {
  const extra = from.length - to.length;
  return from.every((size, i) => size === 1 || size === to[i - extra]);
}

/** For each element of `to`, in row-major order, the index of the element of `from` that stands there. */
export function broadcastIndices(from: readonly number[], to: readonly number[]): Int32Array {
  let indices = Int32Array.of(0);
  to.forEach((count, i) => {
    const size = from[i + from.length - to.length] ?? 1, step = size === 1 ? 0 : 1;
    const next = new Int32Array(indices.length * count);
    for (let n = 0; n < next.length; n++) next[n] = indices[Math.floor(n / count)]! * size + (n % count) * step;
    indices = next;
  });
  return indices;
}
