/**
 * Makes a file of the safetensors format by hand, unpadded, whatever sense it makes, to see how it is read.
 *
 * @param header The header, as text or as bytes.
 * @param dataLength How many zeros follow it.
 * @param declared What the length field says, by default the truth.
 * @returns The file's bytes.
 */
export function safetensorsFile(
  header: string | Uint8Array,
  dataLength = 0,
  declared?: bigint,
): Uint8Array<ArrayBuffer> {
  const raw = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + raw.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, declared ?? BigInt(raw.length), true);
  bytes.set(raw, 8);
  return bytes;
}
