import type { Images, Split } from "../data/images.ts";

/** SHA-256 as hexadecimal digits. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/**
 * Returns the SHA-256 of a dataset: of its shapes, pixels and labels, train and test. It says whether a run continues on
 * the data that it began with, wherever they lie now.
 *
 * @param split The dataset, whole.
 * @returns 64 hexadecimal digits.
 */
export async function dataHash({ train, test }: Split): Promise<string> {
  const parts = [train, test].map(async ({ pixels, labels, count, height, width }: Images) => [
    count,
    height,
    width,
    await sha256(pixels as Uint8Array<ArrayBuffer>),
    labels ? await sha256(labels as Uint8Array<ArrayBuffer>) : "",
  ]);
  return await sha256(new TextEncoder().encode(JSON.stringify(await Promise.all(parts))));
}
