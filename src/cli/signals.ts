/** Signals that ask the process to end, and what has to be undone before it does. */

/** The exit codes by which shells know the signals: 128 and the signal's number. */
export const CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

type Signal = keyof typeof CODES;

/** Windows has no other. */
const SIGNALS: readonly Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

const LISTENERS = SIGNALS.map((signal) => [signal, () => void heard(signal)] as const);

/** Called at a signal with its exit code; of several the last one alone. */
const handlers: ((code: number) => void)[] = [];
const undos = new Set<() => void>();
let listening = false;

/**
 * Ends the process at once, when all that {@linkcode undoneOnExit} holds is undone.
 *
 * @param code The exit code.
 */
export function exit(code: number): never {
  for (const undo of undos) {
    try {
      undo();
    } catch {
      // What cannot be undone must not keep the process from ending.
    }
  }
  Deno.exit(code);
}

/**
 * Hears the signals until it is disposed of, in place of the process's end.
 *
 * @param handler Called at each, with its exit code.
 */
export function onSignal(handler: (code: number) => void): Disposable {
  handlers.push(handler);
  listen();
  return {
    [Symbol.dispose]() {
      handlers.splice(handlers.lastIndexOf(handler), 1);
      listen();
    },
  };
}

/**
 * Sees to it that something is undone if the process ends early, by a signal or {@linkcode exit}; `kill -9` spares nothing.
 *
 * @param undo Undoes it, without waiting; it may throw.
 * @returns Disposed of, it forgets about it and undoes nothing.
 */
export function undoneOnExit(undo: () => void): Disposable {
  undos.add(undo);
  listen();
  return {
    [Symbol.dispose]() {
      undos.delete(undo);
      listen();
    },
  };
}

/** Listens only while it has to: without a listener the kernel ends the process, however busy it is. */
function listen(): void {
  const wanted = handlers.length + undos.size > 0;
  if (wanted === listening) return;
  listening = wanted;
  for (const [signal, listener] of LISTENERS) {
    if (wanted) Deno.addSignalListener(signal, listener);
    else Deno.removeSignalListener(signal, listener);
  }
}

async function heard(signal: Signal): Promise<void> {
  if (signal === "SIGHUP" && await underNohup()) return;
  (handlers.at(-1) ?? exit)(CODES[signal]);
}

/**
 * Whether `nohup` started the process from a terminal. It lets SIGHUP be ignored, which a listener undoes, and nothing
 * says so afterwards, but it leaves a standard input that can only be written.
 */
async function underNohup(): Promise<boolean> {
  if (Deno.stdin.isTerminal()) return false;
  return await new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), 50); // a pipe that nothing comes from
    const unreadable = Deno.stdin.read(new Uint8Array(1)).then(() => false, (error) => error.code === "EBADF");
    unreadable.then(resolve).finally(() => clearTimeout(late));
  });
}
