/** Processor time that a started process uses while it has nothing to do: milliseconds in a second. */
import { start } from "../../mod.ts";
import { readFlags } from "../flags.ts";
import { training } from "../model.ts";
import { cpuTime } from "../resident.ts";
import { print } from "../result.ts";

const { threads } = readFlags({ threads: navigator.hardwareConcurrency, quick: false });
await start({ threads });
const trained = training(128);
for (let i = 0; i < 20; i++) trained.step();
await new Promise((resolve) => setTimeout(resolve, 1000)); // V8 compiles and collects in the background

const before = cpuTime();
await new Promise((resolve) => setTimeout(resolve, 1000));
print({ measure: "idle", threads, cpu_ms: (cpuTime() - before) / 1e6 });
