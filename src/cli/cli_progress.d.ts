/**
 * The part of cli-progress that is used here. Its types at npm come with those of Node, which would take the place of
 * Deno's own throughout the program.
 */
export class SingleBar {
  constructor(options: Options, preset?: Preset);
  readonly isActive: boolean;
  start(total: number, startValue: number, payload: object): void;
  update(value: number, payload: object): void;
  stop(): void;
}

export type Options = {
  /** `{name}` stands for a value of the payload, `{bar}` and `{percentage}` for themselves. */
  readonly format: string;
  /** Characters. */
  readonly barsize: number;
  readonly stream: unknown;
  readonly clearOnComplete: boolean;
  readonly hideCursor: boolean;
  readonly linewrap: boolean;
  /** Whether to listen to signals. */
  readonly gracefulExit: boolean;
};

export type Preset = { readonly barCompleteChar: string; readonly barIncompleteChar: string };

declare const cliProgress: {
  readonly SingleBar: typeof SingleBar;
  readonly Presets: { readonly shades_classic: Preset };
};
export default cliProgress;
