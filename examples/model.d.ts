/** A file, as Cloudflare hands it over where wrangler.toml says that it is data. */
declare const data: ArrayBuffer;
export default data;
