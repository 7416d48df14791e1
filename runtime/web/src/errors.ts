/** Everything that this runtime throws on purpose: one tree, and what foreign code throws is put into it. */

/** The root: catch it to catch all but the reason of an AbortSignal. A message is one line, and what is not seen in it an escape such as \x1b. */
export class EdgeAttnError extends Error {
  override name = 'EdgeAttnError';

  constructor(message: string) {
    super(legible(shortened(message, LONGEST)));
  }
}

/** A call is wrong: a tensor does not keep its graph's contract, a prompt or setting is none, or the model is closed. */
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

/** The device lacks memory; what was handed over may be right. */
export class ResourceError extends EdgeAttnError {
  override name = 'ResourceError';
}

/** A call did not end by its deadline. One that a signal ends throws the signal's reason. */
export class DeadlineError extends EdgeAttnError {
  override name = 'DeadlineError';
}

const LONGEST = 2000; // characters of a message: most have a hundred
const READ = 4096; // characters of one that others wrote that are looked at: a graph's names in it may be of any length
const FOREIGN = 300; // characters of it that are reported
const GAP = ' ... ';
const MEMORY = /allocat|bad_alloc|out of memory|Invalid (typed )?array (buffer )?length/i;

/** Return a text with escapes for what is not seen, as Python and C++ write them: `\x1b`, `\u202e`. */
const legible = (text: string): string =>
  text.replace(/(?! )[\p{C}\p{Z}]/gu, (found) => {
    const code = found.codePointAt(0) as number;
    const [letter, digits] = code < 0x100 ? ['x', 2] : code < 0x10000 ? ['u', 4] : ['U', 8];
    return `\\${letter}${code.toString(16).padStart(digits as number, '0')}`;
  });

/** Return a text of at most `most` characters: a longer one loses its middle. */
const shortened = (text: string, most: number): string => {
  if (text.length <= most) return text;
  const head = Math.floor((2 * (most - GAP.length)) / 3);
  return text.slice(0, head) + GAP + text.slice(text.length - (most - GAP.length - head));
};

/** Return the first line of what was thrown, of which no more than its two ends are read. */
export const saying = (error: unknown): string =>
  shortened(String((error as Error)?.message ?? error).split('\n', 1)[0] as string, READ);

/** Return it legible and short. */
export const reason = (error: unknown): string => legible(shortened(saying(error), FOREIGN));

/** Say whether what was thrown tells of memory that is not there. */
export const isShortage = (error: unknown): boolean => MEMORY.test(saying(error));

/**
 * Return what a body returns; what it throws is an error of this tree.
 *
 * @param kind What foreign errors become, such as InputError, unless memory was short.
 * @param found What a message says of them, such as "prepare: no text, image, sound or series".
 */
export function refusing<T>(kind: new (message: string) => EdgeAttnError, found: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw owned(kind, found, error);
  }
}

/** Return an error of this tree for what was thrown: itself, where it is one. */
export function owned(kind: new (message: string) => EdgeAttnError, found: string, error: unknown): EdgeAttnError {
  if (error instanceof EdgeAttnError) return error;
  const own = isShortage(error)
    ? new ResourceError(`${found}: out of memory (${reason(error)}); give less at once`)
    : new kind(`${found} (${reason(error)})`);
  own.cause = error;
  return own;
}
