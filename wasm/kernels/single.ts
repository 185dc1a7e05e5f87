// Entry of the builds without threads.

export { dispatch } from "./dispatch";
export { GEMM_SCRATCH } from "./gemm";
