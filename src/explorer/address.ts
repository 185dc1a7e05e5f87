/** What the address says behind its `#`: where the model is, and what to look at; so that a link shows the same. */
export type Address = {
  /** Where the model is, relative to the page. */
  readonly model: string;
  readonly seed: number;
  readonly label: number;
};

/** The model that lies beside the page, with a handler or on a file host. */
const BESIDE = "model.safetensors";

/** An integer of at least 0, else 0. */
export function natural(text: string | null): number {
  const value = Number(text?.trim() || NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** Reads what stands behind the `#`; what makes no sense counts as not being there. */
export function readAddress(hash: string): Address {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  return { model: given.get("model") || BESIDE, seed: natural(given.get("seed")), label: natural(given.get("label")) };
}

/** What stands behind the `#`, with other values in place of its own. */
export function withAddress(hash: string, values: Partial<Address>): string {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  for (const [name, value] of Object.entries(values)) given.set(name, String(value));
  return `#${given}`;
}
