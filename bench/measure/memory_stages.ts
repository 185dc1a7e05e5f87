/** Resident memory, in MB of 10^6 bytes, as a program gets on its way to training: what each stage adds. */
import { print } from "../result.ts";

let before = 0;

function stage(name: string) {
  const rss = Deno.memoryUsage().rss / 1e6;
  print({ measure: "memory_stages", stage: name, rss, added: rss - before });
  before = rss;
}

stage("Deno, and this script");
const { dataset, evaluate, init, key, loadMnist, start, train } = await import("../../mod.ts");
stage("import elbo");
await start();
stage("start the backend and its threads");
const images = await loadMnist();
stage("read MNIST");
using data = dataset(images.train);
using test = dataset(images.test);
stage("copy it into the Wasm heap");
let state = init({ input: data.size, hidden: [400], latent: 20 }, { key: key(0) });
stage("init");
for await (const event of train(state, data, { epochs: 1 })) state = event.state;
stage("train for an epoch");
await evaluate(state.params, test, { key: key(1) });
stage("evaluate");
