/**
 * tfjs-core, named in this one file: every part of elbo, and the user through it, shares one engine.
 *
 * @module
 */
import * as core from "npm:@tensorflow/tfjs-core@4.22.0";
export * from "npm:@tensorflow/tfjs-core@4.22.0";

/** What a function made for its caller, who disposes of it: by `dispose`, by `tf.tidy`, or with `using`. */
export type Owned<T = core.Tensor2D> = T & Disposable;

Object.defineProperty(core.Tensor.prototype, Symbol.dispose, {
  value(this: core.Tensor): void {
    this.dispose();
  },
  configurable: true,
  writable: true,
});

/** tfjs's `tidy`, typed for trees with readonly parts too, such as a state: what `fn` returns survives. */
export const tidy = core.tidy as { <T>(fn: () => T): T; <T>(name: string, fn: () => T): T };

/** tfjs's `dispose`, typed for trees with readonly parts too. */
export const dispose = core.dispose as (tree: unknown) => void;
