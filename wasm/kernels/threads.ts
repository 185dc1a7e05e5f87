// Entry of the builds with threads: shared memory, fork and join.

export { dispatch } from "./dispatch";
export { GEMM_SCRATCH } from "./gemm";
export { fork, join, serve, stop } from "./pool";
