import { Worker } from "node:worker_threads";
import { glue, workerScript } from "./tfjs_wasm.ts";

/**
 * The text of a tfjs thread. It stands in a data: URL, so it needs no read permission and works in a module imported
 * from a URL. Emscripten's worker script expects a browser's worker scope, and `process` would send it down its Node
 * branch. Its sources arrive as text: a thread never returns to its event loop, so with an import it could hold the lock
 * of Deno's npm resolver for ever, and no import in the whole process would end.
 */
const TEXT = `
import { parentPort, workerData } from "node:worker_threads";
globalThis.self = globalThis;
globalThis.process = undefined;
globalThis.postMessage = (message) => parentPort.postMessage(message);
globalThis.importScripts = () => {};
(0, eval)("globalThis.WasmBackendModuleThreadedSimd = " + workerData.glue);
(0, eval)(workerData.script);
parentPort.on("message", (data) => globalThis.onmessage({ data }));
`;
const SOURCES = {
  glue: glue.toString(),
  script: workerScript.wasmWorkerContents.replace('"use strict";', "").replaceAll("\n", "\\n"),
};
const URL_OF_TEXT = new URL("data:text/javascript," + encodeURIComponent(TEXT));

/** What Emscripten sends to its workers. */
type Message = { readonly cmd: string };

/**
 * What Emscripten takes for one of its eight pthread workers. It says at once that it has loaded, and starts a real
 * worker only when a thread is to run in it, so no more workers start than are used. Node's worker can be unref'd, a web
 * worker cannot: it keeps no process alive.
 */
export class PThread {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  /** Set by Emscripten once it has heard that the worker has loaded. */
  loaded = false;
  #load: Message | undefined;
  #worker: Worker | undefined;

  postMessage(message: Message) {
    if (message.cmd === "load") {
      this.#load = message;
      this.onmessage?.({ data: { cmd: "loaded" } });
      return;
    }
    this.#worker ??= this.#start();
    this.#worker.postMessage(message);
  }

  terminate() {
    this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(URL_OF_TEXT, { workerData: SOURCES });
    worker.on("message", (data: { cmd?: string | undefined }) => data?.cmd === "loaded" || this.onmessage?.({ data }));
    worker.on("error", (error: unknown) => this.onerror?.(error));
    worker.unref();
    worker.postMessage(this.#load);
    return worker;
  }
}
