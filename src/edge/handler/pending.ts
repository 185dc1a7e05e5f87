/** A request that holds a part of what all may hold together. */
export class Holder {
  /** Whose request it is; undefined where that is not known. */
  readonly address?: string | undefined;
  /** How much it holds. */
  amount = 0;
  /** When its time is up, as `performance.now()` gives it. */
  until = Infinity;
  /** When it last made progress; Infinity where it cannot be dropped. */
  moved = Infinity;
  /** Whether it has been made to give way to others, and has to end. */
  dropped = false;

  /** @param address Whose request it is. */
  constructor(address?: string) {
    this.address = address;
  }
}

/** The part of the room that is kept for those that hold little. */
const KEPT = 1 / 8;

/** How much may be held. */
export type Room = {
  /** By all together. */
  readonly most: number;
  /** By all of one address. */
  readonly share: number;
  /** Up to how much is little, for which an eighth of either is kept; none is where it is left out. */
  readonly little?: number | undefined;
  /** Milliseconds without progress after which a holder gives way to others if there is no other room. */
  readonly quiet?: number | undefined;
};

/**
 * What requests hold of something that all may hold together: each until it gives it back, or its time is up. For a request
 * can end without a word: workerd drops one whose client gave up, and then nothing of it runs any more, not even `finally`.
 */
export class Pending {
  readonly #room: Room;
  readonly #now: () => number;
  readonly #holders = new Set<Holder>();

  /**
   * @param room How much there is.
   * @param now The time in milliseconds; default `performance.now()`.
   */
  constructor(room: Room, now: () => number = () => performance.now()) {
    this.#room = room;
    this.#now = now;
  }

  /** How much is held now. */
  get amount(): number {
    this.#forget();
    return sum(this.#holders);
  }

  /**
   * Lets a request hold so much in all, instead of what it held before. Where there is no room, those that have made no
   * progress for long give way, the largest first: of the same address if that has its share, else of any.
   *
   * @param holder Whose it is.
   * @param amount How much.
   * @returns Whether there is room for it; if not, it keeps what it had.
   */
  hold(holder: Holder, amount: number): boolean {
    if (holder.dropped) return false;
    const { most, share, little = Infinity, quiet = Infinity } = this.#room, now = this.#now(), { address } = holder;
    this.#forget();
    const left = new Set(this.#holders);
    left.delete(holder);
    const fits = (room: number, others: Holder[]) => {
      // What is alone may always have all of it.
      const limit = amount > little ? Math.max(amount, room * (1 - KEPT)) : room;
      let total = amount + sum(others);
      for (const other of others.sort((a, b) => b.amount - a.amount)) {
        if (total <= limit) break;
        if (now - other.moved < quiet) continue;
        left.delete(other);
        total -= other.amount;
      }
      return total <= limit;
    };
    const own = address === undefined || fits(share, [...left].filter((other) => other.address === address));
    if (!own || !fits(most, [...left])) return false;
    for (const other of this.#holders) {
      if (other === holder || left.has(other)) continue;
      other.dropped = true;
      this.#holders.delete(other);
    }
    holder.amount = amount;
    this.#holders.add(holder);
    return true;
  }

  /** Lets go of those whose time is up. */
  #forget(): void {
    const now = this.#now();
    for (const holder of this.#holders) if (holder.until < now) this.#holders.delete(holder);
  }

  /** Gives back all that a request held. */
  release(holder: Holder): void {
    this.#holders.delete(holder);
    holder.amount = 0;
  }
}

function sum(holders: Iterable<Holder>): number {
  let total = 0;
  for (const { amount } of holders) total += amount;
  return total;
}
