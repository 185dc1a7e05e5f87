/** tfjs-core, named in this one file: every part of elbo, and the user through it, shares one engine. */
export * from "npm:@tensorflow/tfjs-core@4.22.0";
