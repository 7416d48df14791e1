/** Where a text's own tokens lie in it: the tokenizer is asked anew, and heard of what it makes of the text. */

import { type Affixes, align, byteToken, cuts, type Range, withoutBlanks } from './alignment.js';

/** A section of a text between added tokens, and the pieces that the model was given of it, each with its tokens. */
export type Section = { readonly text: string; readonly pieces: { text: string; tokens: readonly string[] }[] };

/** What a tokenizer made of a text: all of its tokens, and the sections that they come of but for added tokens. */
export type Trace = { readonly tokens: readonly string[]; readonly sections: readonly Section[] };

/** Tokens' bytes, and the run of each, as `align` takes them. */
type Tokens = { readonly bytes: Uint8Array[]; readonly runs: number[] };

/** How a tokenizer writes. */
export type Notation = Affixes & {
  readonly added: ReadonlySet<string>;
  /** Pieces are in characters that each stand for a byte. */
  readonly inBytes: boolean;
  /** The bytes of what has no token lie where all of it does. */
  readonly joinsBytes: boolean;
  /** Pieces have Metaspace's sign for a blank. */
  readonly marksBlanks: boolean;
  readonly normalize: (text: string) => string;
};

/** Return the UTF-16 units of a text that each of its own tokens was made from; undefined of one of blanks alone. */
export function rangesOf(text: string, { tokens, sections }: Trace, notation: Notation): (Range | undefined)[] {
  const found: (Range | undefined)[] = [];
  let cursor = 0;
  /** Pass over an added token that stands at the cursor, or behind blanks that it takes in. */
  const passAdded = (): boolean => {
    const token = tokens[found.length];
    const begin = cursor + (text.slice(cursor).length - text.slice(cursor).trimStart().length);
    if (token === undefined || !notation.added.has(token) || !text.startsWith(token, begin)) return false;
    cursor = begin + token.length;
    found.push(withoutBlanks(text, { begin, end: cursor }));
    return true;
  };
  for (const section of sections) {
    while (passAdded());
    const begin = text.indexOf(section.text, cursor);
    const { bytes, runs } = tokensOf(section, tokens.slice(found.length), notation);
    const ranges = align(section.text, bytes, runs, notation.normalize, !notation.marksBlanks);
    found.push(...ranges.map((range) => range && { begin: begin + range.begin, end: begin + range.end }));
    cursor = begin + section.text.length;
  }
  while (passAdded());
  return found;
}

/** Return the bytes of a section's tokens, those of added tokens in it among them. */
function tokensOf({ pieces }: Section, rest: readonly string[], notation: Notation): Tokens {
  const made: Tokens = { bytes: [], runs: [] };
  const add = (token: Uint8Array, joined: boolean): void => {
    made.runs.push((made.runs.at(-1) ?? 0) + (joined ? 0 : 1));
    made.bytes.push(token);
  };
  for (const { text, tokens } of pieces) {
    if (tokens.length === 0) continue;
    for (let next = rest[made.bytes.length]; next !== tokens[0] && next !== undefined; next = rest[made.bytes.length])
      add(new TextEncoder().encode(next), false); // an added token that is looked for in normalized text
    let before = false; // whether the token before is a byte of what has no token
    for (const [i, part] of cuts(text, tokens, notation).entries()) {
      const isByte = notation.joinsBytes && part.length === 1 && tokens[i] === byteToken(part[0]);
      add(notation.inBytes ? fromCharacters(part) : part, isByte && before);
      before = isByte;
    }
  }
  return made;
}

/** Return the bytes that a text of GPT-2's alphabet stands for, or the text's own where one character is none of it. */
function fromCharacters(text: Uint8Array): Uint8Array {
  const found = Array.from(new TextDecoder().decode(text), (character) => BYTES.get(character));
  return found.includes(undefined) ? text : Uint8Array.from(found as number[]);
}

/** GPT-2's alphabet: a byte is itself where it is printable, else a character from 256 on. */
const BYTES: ReadonlyMap<string, number> = new Map(
  (() => {
    let free = 256;
    return Array.from({ length: 256 }, (_, byte): [string, number] => {
      const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
      return [String.fromCharCode(printable ? byte : free++), byte];
    });
  })(),
);
