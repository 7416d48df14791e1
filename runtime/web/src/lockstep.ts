/**
 * Many prompts at once: each call takes the next token of every sequence.
 *
 * All sequences of a call have the same number of tokens behind them. So the shortest prompts begin, and a longer one,
 * taken in at once as it would be alone, joins when the others have got as far as it is long.
 */

import type { Decoder } from './decoder.js';
import { grouped } from './groups.js';
import type { Continuation, Search } from './search.js';
import type { Stepper } from './stepping.js';
import type { Tensors } from './tensor.js';
import { turn } from './turn.js';

/** A prompt to be continued. */
export type Task = {
  /** The tokens that the decoder begins with. */
  readonly begin: readonly number[];
  /** What the encoder gave, one row of it; nothing of a decoder alone. */
  readonly carried: Tensors;
  readonly search: Search;
};

type Logits = readonly Float32Array[];

/** Run the searches until each has ended. @param width The most rows that a search asks for. */
export async function runAll(decoder: Decoder, tasks: readonly Task[], width: number): Promise<void> {
  const size = Math.min(tasks.length, Math.floor(decoder.mostRows / width));
  for (const batch of grouped(tasks, (task) => alike(decoder, task)).values()) {
    for (let first = 0; first < batch.length; first += size) await runGroup(decoder, batch.slice(first, first + size));
  }
}

/** Return what tasks that may share a call have in common: the sizes of what the encoder gave them. */
function alike(decoder: Decoder, { carried, begin }: Task): unknown {
  const names = Object.keys(carried);
  if (!names.every((name) => decoder.axes.has(name))) return begin; // of no other
  return JSON.stringify(names.map((name) => carried[name]?.dims));
}

async function runGroup(decoder: Decoder, tasks: readonly Task[]): Promise<void> {
  const byLength = grouped(tasks, ({ begin }) => begin.length);
  const waiting = [...byLength].sort(([a], [b]) => a - b).map(([, equal]) => equal);
  while (waiting.length) {
    let { group, logits } = await begun(decoder, waiting.shift() as Task[]);
    for (let tokens = group.advance(logits); tokens; tokens = group.advance(logits)) {
      await turn();
      logits = await decoder.next(group.stepper, tokens);
      if (waiting[0]?.[0]?.begin.length !== group.stepper.length) continue;
      const newcomers = await begun(decoder, waiting.shift() as Task[]);
      group.join(newcomers.group);
      logits = [...logits, ...newcomers.logits];
    }
  }
}

async function begun(decoder: Decoder, tasks: readonly Task[]): Promise<{ group: Group; logits: Logits }> {
  const { stepper, logits } = await decoder.prefill(
    tasks.map(({ begin }) => begin),
    tasks.map(({ carried }) => carried),
  );
  const members = tasks.map(({ search }) => ({ search, width: 1 }));
  return { group: new Group(stepper, members), logits };
}

/** A search, and how many rows it has. */
type Member = { readonly search: Search; readonly width: number };

/** Searches whose rows stand behind one another in a stepper. */
class Group {
  constructor(
    readonly stepper: Stepper,
    private members: readonly Member[],
  ) {}

  /** Hand the logits out, and return the next tokens, a row each; null where all end. */
  advance(logits: Logits): number[][] | null {
    const next: (Continuation & Member)[] = [];
    let first = 0;
    for (const { search, width } of this.members) {
      const found = search.advance(logits.slice(first, first + width));
      if (found)
        next.push({
          search,
          width: found.rows.length,
          tokens: found.tokens,
          rows: found.rows.map((row) => row + first),
        });
      first += width;
    }
    if (next.length === 0) return null;
    const rows = next.flatMap((each) => each.rows);
    const stay = next.length === this.members.length && next.every(({ width }, i) => width === this.members[i]?.width);
    if (stay) this.stepper.reorder(rows);
    else this.stepper.keep(rows);
    this.members = next.map(({ search, width }) => ({ search, width }));
    return next.flatMap(({ tokens }) => tokens.map((token) => [token]));
  }

  /** Take searches in that have as many tokens. */
  join(newcomers: Group): void {
    this.stepper.join(newcomers.stepper);
    this.members = [...this.members, ...newcomers.members];
  }
}
