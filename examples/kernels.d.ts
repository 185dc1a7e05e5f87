/** A file that ends in .wasm, as Cloudflare hands it over: compiled. */
declare const module: WebAssembly.Module;
export default module;
