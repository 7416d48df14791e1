/** The root of all that this runtime refuses: catch it to catch them all. A message is one line. */
export class EdgeAttnError extends Error {
  override name = 'EdgeAttnError';
}

/** A tensor does not keep its graph's contract, or a prompt or setting is none to run with. */
export class InputError extends EdgeAttnError {
  override name = 'InputError';
}

/** A bundle, or a file of it, is missing, truncated, changed, or of an unknown schema. */
export class BundleError extends EdgeAttnError {
  override name = 'BundleError';
}

/** No variant of the bundle runs here: it needs another engine, a newer one, or another provider. */
export class IncompatibleRuntimeError extends EdgeAttnError {
  override name = 'IncompatibleRuntimeError';
}

/** Return the first line of what was thrown. */
export const reason = (error: unknown): string =>
  String((error as Error)?.message ?? error).split('\n', 1)[0] as string;
