/** A mistake that the user can correct: a flag, a path, a full disk. It is reported in one line, without a stack. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}
