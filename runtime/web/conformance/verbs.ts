/** The verbs beyond a call: what a bundle must answer to each, by the key of cases.json. */

import {
  compare,
  type GenerateManyOptions,
  GenerationSession,
  type Likeness,
  type Model,
  type Moment,
  type PredictionSource,
  StepStream,
  Stream,
  type Tensor,
  type Tensors,
  tensor,
} from 'edgeattn-web';
import { type Numbers, type Table, tensors } from './numbers.js';

/** One thing that is asked; its other keys are the verb's. */
export type Asked = { readonly error?: string };

/** How a model answers: `answered`, or what it says otherwise. */
export type Found = {
  readonly found: string;
  readonly near?: Likeness;
};

type Labels = Asked & { readonly outputs: Table; readonly labels?: unknown };
type Predicting = Asked & PredictionSource & { readonly outputs: Table; readonly predictions?: unknown };
type Forecast = Asked & { readonly outputs: Table; readonly forecast?: Numbers };
type Decoding = Asked & { readonly tokens: readonly number[]; readonly text?: string };
type Many = Asked & {
  readonly samples: readonly Table[];
  readonly outputs?: readonly Table[];
  readonly tolerance?: number;
};
type Generating = Asked & {
  readonly prompts?: readonly (readonly number[])[];
  readonly sources?: Table;
  readonly start?: readonly number[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly sequences?: readonly (readonly (readonly [readonly number[], number])[])[];
};
type Turns = Asked & {
  readonly turns: readonly (Asked & {
    readonly prompt: readonly number[];
    readonly max_new_tokens: number | null;
    readonly tokens?: readonly number[];
  })[];
};
type Rows = readonly (readonly (number | null)[])[];
type Listening = Asked & {
  readonly hop: number;
  readonly window: number | null;
  readonly pushes: readonly Rows[];
  readonly moments?: readonly (readonly { readonly end: number; readonly outputs: Table }[] | null)[];
  readonly tolerance?: number;
};

type Stepping = Omit<Listening, 'pushes'> & { readonly pushes: readonly (Rows | Numbers | 'reset')[] };

const UNIT = tensor('float32', [], [1]); // a spread: errors are of the numbers themselves
const SCORES = 1e-4; // how near those of sequences are
const SHARES = 1e-9; // and those of predictions, and their boxes

export const VERBS = {
  async labels(model: Model, { outputs, labels }: Labels): Promise<Found> {
    const found = model.labels(tensors(outputs)).map((row) => row.map(({ name, value }) => [name, value]));
    return { found: JSON.stringify(found) === JSON.stringify(labels) ? 'answered' : 'other labels' };
  },

  async predictions(model: Model, { outputs, predictions, ...source }: Predicting): Promise<Found> {
    const found = model.predictions(tensors(outputs), source);
    return { found: alike(found, predictions) ? 'answered' : `predictions ${JSON.stringify(found)}` };
  },

  async decode(model: Model, { tokens, text }: Decoding): Promise<Found> {
    const found = model.decode(tokens);
    return { found: found === text ? 'answered' : JSON.stringify(found) };
  },

  async run_many(model: Model, { samples, outputs = [], tolerance }: Many): Promise<Found> {
    return near(await model.runMany(samples.map(tensors)), outputs, tolerance);
  },

  async generate_many(model: Model, { prompts, sources, start, settings, sequences = [] }: Generating): Promise<Found> {
    const options = Object.fromEntries(Object.entries(settings).map(([name, value]) => [camel(name), value]));
    const found = await model.generateMany(prompts ?? tensors(sources ?? {}), {
      ...(start && { start }),
      ...options,
    } as GenerateManyOptions);
    const alike = found.every((row, i) =>
      row.every(({ tokens, score }, j) => {
        const [wanted, expected = Number.NaN] = sequences[i]?.[j] ?? [];
        return String(tokens) === String(wanted) && Math.abs(score - expected) <= SCORES;
      }),
    );
    const counts = String(found.map((row) => row.length)) === String(sequences.map((row) => row.length));
    return { found: alike && counts ? 'answered' : `sequences ${JSON.stringify(found)}` };
  },

  async session(model: Model, { turns }: Turns): Promise<Found> {
    const session = new GenerationSession(model);
    for (const { prompt, max_new_tokens, tokens } of turns) {
      const options = { session, ...(max_new_tokens !== null && { maxNewTokens: max_new_tokens }) };
      const found = await all(model.generate(prompt, options)).catch((error: Error) => error.name);
      if (String(found) !== String(tokens ?? 'InputError')) return { found: `tokens ${found}` };
    }
    return { found: 'answered' };
  },

  async stream(model: Model, { hop, window, pushes, moments = [], tolerance }: Listening): Promise<Found> {
    const stream = new Stream(model, { hop, ...(window !== null && { window }) });
    const found = [];
    for (const push of pushes) found.push(await refused(stream.push(gaps(push))));
    return momentsNear(found, moments, tolerance);
  },

  async steps(model: Model, { pushes, moments = [], tolerance }: Stepping): Promise<Found> {
    const stream = new StepStream(model);
    const found = [];
    for (const push of pushes) {
      if (push === 'reset') stream.reset();
      const came = push === 'reset' ? undefined : 'data' in push ? (tensors({ push }).push as Tensor) : gaps(push);
      found.push(came === undefined ? [] : await refused(stream.push(came)));
    }
    return momentsNear(found, moments, tolerance);
  },

  async forecast(model: Model, { outputs, forecast }: Forecast): Promise<Found> {
    const found = model.forecast(tensors(outputs)).flatMap((series) => series.flatMap((row) => [...row]));
    return { found: JSON.stringify(found) === JSON.stringify(forecast?.data) ? 'answered' : `values ${found}` };
  },
};

async function all<T>(pieces: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}

/** Return what a push completes; null where it is refused. */
const refused = (moments: Promise<Moment[]>): Promise<Moment[] | null> =>
  moments.catch((error: Error) => {
    if (error.name === 'InputError') return null;
    throw error;
  });

const gaps = (rows: Rows): number[][] => rows.map((row) => row.map((value) => value ?? Number.NaN));

function momentsNear(
  found: readonly (Moment[] | null)[],
  moments: NonNullable<Listening['moments']>,
  tolerance?: number,
): Found {
  const ends = (rows: readonly (readonly { readonly end: number }[] | null)[]): string =>
    JSON.stringify(rows.map((row) => row?.map(({ end }) => end)));
  if (ends(found) !== ends(moments)) return { found: `windows that end at ${ends(found)}` };
  return near(
    found.flatMap((row) => row?.map(({ outputs }) => outputs) ?? []),
    moments.flatMap((row) => row?.map(({ outputs }) => outputs) ?? []),
    tolerance,
  );
}

const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Say whether answers are near those expected, by their largest difference. */
export function near(found: readonly Tensors[], expected: readonly Table[], tolerance = 0): Found {
  if (found.length !== expected.length) return { found: `${found.length} answers` };
  const results = expected.flatMap((table, i) =>
    Object.entries(tensors(table)).map(([name, wanted]) => compare(found[i]?.[name] as Tensor, wanted, UNIT)),
  );
  const within = results.every(({ max_abs }) => (max_abs ?? Infinity) <= tolerance);
  return { found: within ? 'answered' : 'outputs beyond the tolerance', near: { ...worst(results), error: null } };
}

/** Say whether two values are the same, numbers within SHARES. */
function alike(found: unknown, expected: unknown): boolean {
  if (typeof found === 'number') return Math.abs(found - (expected as number)) <= SHARES;
  if (typeof found !== 'object' || typeof expected !== 'object' || !found || !expected) return found === expected;
  const [ours, theirs] = [found, expected] as [Record<string, unknown>, Record<string, unknown>];
  const keys = Object.keys(ours);
  return keys.length === Object.keys(theirs).length && keys.every((key) => alike(ours[key], theirs[key]));
}

/** Return the largest of each number; null where none says it. */
export function worst(results: readonly Likeness[]): Likeness {
  const most = (numbers: readonly (number | null)[]): number | null =>
    numbers.reduce((largest, each) => (each === null ? largest : Math.max(largest ?? 0, each)), null);
  return { error: most(results.map(({ error }) => error)), max_abs: most(results.map(({ max_abs }) => max_abs)) };
}
