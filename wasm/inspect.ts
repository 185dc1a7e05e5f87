/** The section numbers of the Wasm binary format that matter here. */
const DATA = 11, DATA_COUNT = 12;

/**
 * Fails if a kernel binary holds what it must not: a data segment (the memory is tfjs's, and a static table would
 * overwrite its heap), or an import other than the memory (nobody would supply it).
 *
 * @param name What the error calls the binary.
 * @param binary The bytes of a Wasm module.
 */
export function inspect(name: string, binary: Uint8Array): void {
  for (const { id, size } of sections(binary)) {
    if ((id === DATA || id === DATA_COUNT) && size > 1) {
      throw new Error(`Cannot accept ${name}: it has a data segment, which would overwrite tfjs's heap`);
    }
  }
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(binary as BufferSource));
  const strange = imports.filter((i) => i.kind !== "memory" || i.module !== "env" || i.name !== "memory");
  if (strange.length || imports.length !== 1) {
    const got = imports.map((i) => `${i.module}.${i.name}`).join(", ") || "none";
    throw new Error(`Cannot accept ${name}: expected its only import to be env.memory, got ${got}`);
  }
}

function* sections(binary: Uint8Array): Generator<{ id: number; size: number }> {
  let at = 8; // magic number and version
  while (at < binary.length) {
    const id = binary[at++];
    let size = 0, shift = 0, byte: number;
    do {
      byte = binary[at++];
      size |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    yield { id, size };
    at += size;
  }
}
