/** What Linux says of this process's resident memory; elsewhere there is nothing to read. */

function read(file: string): string {
  try {
    return Deno.readTextFileSync(`/proc/self/${file}`);
  } catch {
    return "";
  }
}

/** Resident bytes of a mapping, found by its size: a Wasm memory is mapped in one piece, as long as the memory is. */
export function residentOf(bytes: number): number | undefined {
  for (const mapping of read("smaps").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    if (Number(mapping.match(/^Size: +(\d+) kB/m)?.[1]) * 1024 !== bytes) continue;
    return Number(mapping.match(/^Rss: +(\d+) kB/m)?.[1]) * 1024;
  }
}

/** Resident bytes: now, the most ever, and what of it is mapped from files, which is the runtime's own program. */
export function resident(): { now: number; most: number; file: number } {
  const status = read("status");
  const bytes = (name: string) => Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))?.[1]) * 1024;
  return { now: bytes("VmRSS"), most: bytes("VmHWM"), file: bytes("RssFile") };
}

/** Nanoseconds that all threads of this process have computed so far. */
export function cpuTime(): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    sum += Number(read(`task/${name}/schedstat`).split(" ")[0]);
  }
  return sum;
}
