/**
 * Where the tokens of a text lie in it.
 *
 * A text's characters, each with its marks, are normalized one by one; the bytes of this stand in the same order as the
 * bytes of the pieces that the model was given. Where a normalizer works on several characters, the two differ, and are
 * put side by side again behind the difference.
 */

/** UTF-16 units of a text, the end not included. */
export type Range = { readonly begin: number; readonly end: number };

/** Notations of a model in its tokens' texts: of what continues a word, and of what ends it. */
export type Affixes = { readonly prefix: string; readonly suffix: string };

/** Bytes in UTF-8, and what each is of: a token, or a character of the text. */
type Owned = { readonly bytes: number[]; readonly owners: number[] };

const REACH = 16; // bytes that a difference is looked for to end in
const ALIKE = 4; // bytes that are alike behind it
const CHARACTER = /\P{M}\p{M}*|\p{M}+/gu;
const LEADING = /^\p{White_Space}+/u;
const TRAILING = /\p{White_Space}+$/u;
const METASPACE = [0xe2, 0x96, 0x81];

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * Return where each token lies in a text that was tokenized as a whole; undefined where it has none, such as a blank.
 *
 * @param tokens The bytes of each.
 * @param runs A number of each: tokens of the same one, which follow one another, lie where all of them do.
 * @param keepsMarks Metaspace's sign stands for itself, and for no blank.
 */
export function align(
  text: string,
  tokens: readonly Uint8Array[],
  runs: readonly number[],
  normalize: (text: string) => string,
  keepsMarks: boolean,
): (Range | undefined)[] {
  const characters = [...text.matchAll(CHARACTER)];
  const given: Owned = { bytes: [], owners: [] };
  const made: Owned = { bytes: [], owners: [] };
  characters.forEach(([character], i) => void appendSolid(given, utf8(normalize(character)), i, keepsMarks));
  tokens.forEach((token, i) => void appendSolid(made, token, i, keepsMarks));
  const byRun = new Map<number, Range>();
  const join = (i: number, j: number): void => {
    const { index, 0: character } = characters[given.owners[i] as number] as RegExpExecArray;
    const run = runs[made.owners[j] as number] as number;
    const { begin, end } = byRun.get(run) ?? { begin: index, end: 0 };
    byRun.set(run, { begin: Math.min(begin, index), end: Math.max(end, index + character.length) });
  };
  for (let i = 0, j = 0; j < made.bytes.length; ) {
    const same = given.bytes[i] === made.bytes[j];
    const [x, y] = same ? [1, 1] : difference(given.bytes, i, made.bytes, j);
    for (let k = j; k < j + y; ++k) for (let l = i; l < i + x; ++l) join(l, k);
    i += x;
    j += y;
  }
  const found = runs.map((run) => byRun.get(run));
  return found.map((range) => range && withoutBlanks(text, range));
}

/** Return a range without blanks at its ends; undefined where nothing else is there. */
export function withoutBlanks(text: string, { begin, end }: Range): Range | undefined {
  const part = text.slice(begin, end);
  const left = LEADING.exec(part)?.[0].length ?? 0;
  const right = TRAILING.exec(part)?.[0].length ?? 0;
  return left < part.length ? { begin: begin + left, end: end - right } : undefined;
}

/** Return the bytes of a piece that each of its tokens takes; an unknown one all those before the next known one. */
export function cuts(piece: string, tokens: readonly string[], affixes: Affixes): Uint8Array[] {
  const bytes = utf8(piece);
  let at = 0;
  return tokens.map((token, i) => {
    const begin = at;
    const size = taken(bytes, at, token, affixes);
    at += size || unknown(bytes.subarray(at), tokens[i + 1], affixes);
    return bytes.subarray(begin, at);
  });
}

/** Return the bytes that an unknown token takes: those before the next one, or one character where that is unknown too. */
function unknown(piece: Uint8Array, next: string | undefined, affixes: Affixes): number {
  if (next === undefined || piece.length === 0) return piece.length;
  const starts = Array.from(piece, (byte, i) => ((byte & 0xc0) === 0x80 || i === 0 ? 0 : i)).filter(Boolean);
  return starts.find((at) => taken(piece, at, next, affixes) > 0) ?? starts[0] ?? piece.length;
}

/** Return the token of a byte of what has none, such as "<0x0A>". */
export const byteToken = (byte = 0): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

/** Return how many bytes a token takes there; 0 where it stands for others. */
function taken(piece: Uint8Array, at: number, token: string, { prefix, suffix }: Affixes): number {
  if (token === byteToken(piece[at])) return 1;
  const starts = prefix && token.startsWith(prefix) ? token.slice(prefix.length) : token;
  const ends = suffix && starts.endsWith(suffix) ? starts.slice(0, -suffix.length) : starts;
  for (const wanted of [token, starts, ends].map(utf8))
    if (wanted.length > 0 && wanted.every((byte, i) => piece[at + i] === byte)) return wanted.length;
  return 0;
}

/** Add bytes but for those of blanks, and of Metaspace's sign, which stands for one. */
function appendSolid({ bytes, owners }: Owned, text: Uint8Array, owner: number, keepsMarks: boolean): void {
  for (let at = 0; at < text.length; ++at) {
    const byte = text[at] as number;
    if (!keepsMarks && METASPACE.every((each, i) => text[at + i] === each)) at += METASPACE.length - 1;
    else if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) {
      bytes.push(byte);
      owners.push(owner);
    }
  }
}

/** Return by how many bytes of each a difference is passed, the fewest together; one of each where it does not end. */
function difference(a: readonly number[], i: number, b: readonly number[], j: number): readonly [number, number] {
  for (let sum = 1; sum <= REACH; ++sum)
    for (let x = 0; x <= sum; ++x)
      if (i + x <= a.length && j + sum - x <= b.length && alike(a, i + x, b, j + sum - x)) return [x, sum - x];
  return [Math.min(1, a.length - i), 1];
}

/** Say whether two runs of bytes begin alike, or both end. */
function alike(a: readonly number[], i: number, b: readonly number[], j: number): boolean {
  const left = Math.min(a.length - i, b.length - j, ALIKE);
  if (left === 0) return i === a.length && j === b.length;
  for (let k = 0; k < left; ++k) if (a[i + k] !== b[j + k]) return false;
  return true;
}
