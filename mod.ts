export { start, stop } from "./src/backend/start.ts";
export * as tf from "./src/backend/tf.ts";
