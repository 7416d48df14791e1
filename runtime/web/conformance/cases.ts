/** Runs the cases of runtime/conformance, in Node and in a page alike. */

import { compare, load, type Model, type Source, type Tensor, type Tensors, tensor } from 'edgeattn-web';
import { NO_LOG_MEL, type Preparing, prepared } from './prepared.js';

type Numbers = {
  readonly dtype: Tensor['dtype'];
  readonly shape: readonly number[];
  readonly data: readonly (number | 'NaN')[];
};
type Table = Readonly<Record<string, Numbers>>;

type Call = {
  readonly graph?: string;
  readonly inputs: Table;
  readonly outputs?: Table;
  readonly tolerance?: { readonly cosine: number };
  readonly error?: string;
};

type Run = {
  readonly prompt?: readonly number[];
  readonly sources?: Table;
  readonly start?: readonly number[];
  readonly max_new_tokens: number | null;
  readonly tokens?: readonly number[];
  readonly error?: string;
};

type Decoding = { readonly tokens: readonly number[]; readonly text?: string; readonly error?: string };
type Reading = { readonly outputs: Table; readonly labels?: unknown; readonly error?: string };

/** One bundle of cases.json. */
export type Case = {
  readonly bundle: string;
  readonly verdict: string;
  readonly needs?: string;
  readonly calls: readonly Call[];
  readonly generate: readonly Run[];
  readonly prepare?: readonly Preparing[];
  readonly labels?: readonly Reading[];
  readonly decode?: readonly Decoding[];
};

/** What one case came to: a line of the table. */
export type Line = {
  readonly bundle: string;
  readonly what: string;
  readonly agrees: boolean;
  readonly expected: string;
  readonly found: string;
  readonly max_abs: number | null;
  readonly cosine: number | null;
  readonly seconds: number;
};

/** How the folders of a place are read. */
export type Place = (folder: string) => Source;

type Found = { readonly found: string; readonly near?: { readonly max_abs: number | null; readonly cosine: number } };

const VERDICTS: Readonly<Record<string, string>> = {
  BundleError: 'refused',
  IncompatibleRuntimeError: 'incompatible',
};
const CANNOT_LIST = 'cannot list';
const LACKS = [CANNOT_LIST, NO_LOG_MEL]; // what agrees with any case that needs it

/** Yield a line for each thing that the cases of a place ask for. */
export async function* lines(place: Place, threads: number): AsyncGenerator<Line> {
  const cases = (await json(place, 'cases.json')) as readonly Case[];
  for (const one of cases) yield* linesOf(one, place, threads);
}

async function* linesOf(one: Case, place: Place, threads: number): AsyncGenerator<Line> {
  const source = place(one.bundle);
  const opened = new Map<'model', Model>();
  const model = (): Model => opened.get('model') as Model;
  const open = async (): Promise<Found> => {
    if (one.needs === 'listing' && !source.list) return { found: CANNOT_LIST };
    opened.set('model', await load(source, { threads }));
    const results = await model().check();
    return { found: results.every(({ ok }) => ok) ? 'accepted' : 'golden-fails', near: worst(results) };
  };
  const refused = (error: Error): Found => ({ found: VERDICTS[error.name] ?? String(error) });
  yield line(one, 'open', one.verdict, () => open().catch(refused));
  const rest: readonly [string, readonly { readonly error?: string }[], (asked: never) => Promise<Found>][] = [
    ['call', one.calls, (call: Call) => called(model(), call)],
    ['generate', one.generate, (run: Run) => generated(model(), run)],
    ['prepare', one.prepare ?? [], (preparing: Preparing) => prepared(model(), preparing, (path) => json(place, path))],
    ['labels', one.labels ?? [], async (reading: Reading) => read(model(), reading)],
    ['decode', one.decode ?? [], async (decoding: Decoding) => decoded(model(), decoding)],
  ];
  for (const [what, asked, answer] of rest) {
    for (const [i, each] of asked.entries()) {
      yield line(one, `${what} ${i}`, each.error ?? 'answered', () => answer(each as never));
    }
  }
}

async function line({ bundle }: Case, what: string, expected: string, answer: () => Promise<Found>): Promise<Line> {
  const started = performance.now();
  const { found, near } = await answer().catch((error: Error): Found => ({ found: error.name }));
  const seconds = (performance.now() - started) / 1e3;
  const agrees = found === expected || LACKS.includes(found);
  return {
    bundle,
    what,
    agrees,
    expected,
    found,
    max_abs: near?.max_abs ?? null,
    cosine: near?.cosine ?? null,
    seconds,
  };
}

async function called(model: Model, { graph, inputs, outputs = {}, tolerance }: Call): Promise<Found> {
  const answers = await model.run(tensors(inputs), graph);
  if (String(Object.keys(answers).sort()) !== String(Object.keys(outputs).sort())) return { found: 'other outputs' };
  const near = worst(
    Object.entries(tensors(outputs)).map(([name, wanted]) => compare(answers[name] as Tensor, wanted)),
  );
  return { found: near.cosine >= (tolerance?.cosine ?? 1) ? 'answered' : 'outputs beyond the tolerance', near };
}

async function generated(model: Model, { prompt, sources, start = [], max_new_tokens, tokens }: Run): Promise<Found> {
  const options = { start, ...(max_new_tokens !== null && { maxNewTokens: max_new_tokens }) };
  const found: number[] = [];
  for await (const token of model.generate(prompt ?? tensors(sources ?? {}), options)) found.push(token);
  return { found: String(found) === String(tokens) ? 'answered' : `tokens ${found}` };
}

function read(model: Model, { outputs, labels }: Reading): Found {
  const found = model.labels(tensors(outputs)).map((row) => row.map(({ name, value }) => [name, value]));
  return { found: JSON.stringify(found) === JSON.stringify(labels) ? 'answered' : 'other labels' };
}

function decoded(model: Model, { tokens, text }: Decoding): Found {
  const found = model.decode(tokens);
  return { found: found === text ? 'answered' : `text ${found}` };
}

function worst<T extends { readonly cosine: number }>(results: readonly T[]): T {
  return results.reduce((least, each) => (each.cosine < least.cosine ? each : least));
}

function tensors(table: Table): Tensors {
  const one = ({ dtype, shape, data }: Numbers): Tensor => tensor(dtype, shape, data.map(Number));
  return Object.fromEntries(Object.entries(table).map(([name, numbers]) => [name, one(numbers)]));
}

async function json(place: Place, path: string): Promise<unknown> {
  const [, folder = '', file = ''] = /^(.*?)([^/]+)$/.exec(path) ?? [];
  return JSON.parse(new TextDecoder().decode(await place(folder).read(file)));
}
