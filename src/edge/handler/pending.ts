/**
 * What bodies on their way take of the memory that all may take together: each until it gives it back, or its time is up.
 * For a request can end without a word: workerd drops one whose client gave up, and then nothing of it runs any more, not
 * even `finally`.
 */
export class Pending {
  readonly #held = new Map<object, { readonly bytes: number; readonly until: number }>();

  /** Bytes now. */
  get bytes(): number {
    const now = performance.now();
    let sum = 0;
    for (const [holder, { bytes, until }] of this.#held) {
      if (until < now) this.#held.delete(holder);
      else sum += bytes;
    }
    return sum;
  }

  /**
   * Lets a body take so many bytes in all, instead of what it took before.
   *
   * @param holder Whose they are.
   * @param most Bytes that all may take together.
   * @param until When its time is up, as `performance.now()` tells it.
   * @returns Whether there is room for them; if not, it keeps what it had.
   */
  hold(holder: object, bytes: number, most: number, until: number): boolean {
    const others = this.bytes - (this.#held.get(holder)?.bytes ?? 0);
    if (others + bytes > most) return false;
    this.#held.set(holder, { bytes, until });
    return true;
  }

  /** Gives back all that a body took. */
  release(holder: object): void {
    this.#held.delete(holder);
  }
}
