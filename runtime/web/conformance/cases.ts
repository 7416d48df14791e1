/** Runs the cases of runtime/conformance, in Node and in a page alike. */

import { type LoadOptions, load, type Model, type Source } from 'edgeattn-web';
import { type Table, tensors } from './numbers.js';
import { type Preparing, prepared } from './prepared.js';
import { type Asked, type Found, near, VERBS, worst } from './verbs.js';

type Call = {
  readonly graph?: string;
  readonly inputs: Table;
  readonly outputs?: Table;
  readonly tolerance?: number;
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

/** One bundle of cases.json. */
export type Case = {
  readonly bundle: string;
  readonly verdict: string;
  readonly needs?: string;
  readonly trusted_keys?: readonly string[];
  readonly golden?: readonly unknown[];
  readonly calls: readonly Call[];
  readonly generate: readonly Run[];
  readonly prepare?: readonly Preparing[];
} & { readonly [Verb in keyof typeof VERBS]?: readonly Asked[] };

/** What one case came to: a line of the table. */
export type Line = {
  readonly bundle: string;
  readonly what: string;
  readonly agrees: boolean;
  readonly expected: string;
  readonly found: string;
  readonly max_abs: number | null;
  readonly error: number | null;
  readonly seconds: number;
};

/** How the folders of a place are read. */
export type Place = (folder: string) => Source;

/** A kind of question, the questions, and what answers one. */
type Asking = [string, readonly { readonly error?: string }[], (asked: never) => Promise<Found>];

const VERDICTS: Readonly<Record<string, string>> = {
  BundleError: 'refused',
  IncompatibleRuntimeError: 'incompatible',
};
const CANNOT_LIST = 'cannot list';

/** Yield a line for each thing that the cases of a place ask for. */
export async function* lines(place: Place, options: LoadOptions): AsyncGenerator<Line> {
  const cases = (await json(place, 'cases.json')) as readonly Case[];
  for (const one of cases) yield* linesOf(one, place, options);
}

async function* linesOf(one: Case, place: Place, options: LoadOptions): AsyncGenerator<Line> {
  const source = place(one.bundle);
  const opened = new Map<'model', Model>();
  const model = (): Model => opened.get('model') as Model;
  const open = async (): Promise<Found> => {
    if (one.needs === 'listing' && !source.list) return { found: CANNOT_LIST };
    opened.set('model', await load(source, { ...options, ...(one.trusted_keys && { trustedKeys: one.trusted_keys }) }));
    const results = await model().check();
    const errors = results.map(({ sample, output, error, ok }) => [sample, output, error, ok]);
    if (one.golden && JSON.stringify(errors) !== JSON.stringify(one.golden))
      return { found: `errors ${JSON.stringify(errors)}` };
    const found = results.every(({ ok }) => ok) ? 'accepted' : 'golden-fails';
    return { found, ...(results.length > 0 && { near: worst(results) }) };
  };
  const refused = (error: Error): Found => ({ found: VERDICTS[error.name] ?? String(error) });
  yield line(one, 'open', one.verdict, () => open().catch(refused));
  const rest: readonly Asking[] = [
    ['call', one.calls, (call: Call) => called(model(), call)],
    ['generate', one.generate, (run: Run) => generated(model(), run)],
    [
      'prepare',
      one.prepare ?? [],
      (preparing: Preparing) => prepared(model(), preparing, (path) => bytes(place, path)),
    ],
    ...Object.entries(VERBS).map(
      ([verb, answer]): Asking => [
        verb,
        one[verb as keyof typeof VERBS] ?? [],
        (asked: never) => answer(model(), asked),
      ],
    ),
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
  const agrees = found === expected || found === CANNOT_LIST;
  return {
    bundle,
    what,
    agrees,
    expected,
    found,
    max_abs: near?.max_abs ?? null,
    error: near?.error ?? null,
    seconds,
  };
}

async function called(model: Model, { graph, inputs, outputs = {}, tolerance }: Call): Promise<Found> {
  const answers = await model.run(tensors(inputs), graph === undefined ? {} : { graph });
  if (String(Object.keys(answers).sort()) !== String(Object.keys(outputs).sort())) return { found: 'other outputs' };
  return near([answers], [outputs], tolerance);
}

async function generated(model: Model, { prompt, sources, start, max_new_tokens, tokens }: Run): Promise<Found> {
  const options = { ...(start && { start }), ...(max_new_tokens !== null && { maxNewTokens: max_new_tokens }) };
  const found: number[] = [];
  for await (const token of model.generate(prompt ?? tensors(sources ?? {}), options)) found.push(token);
  return { found: String(found) === String(tokens) ? 'answered' : `tokens ${found}` };
}

const json = async (place: Place, path: string): Promise<unknown> =>
  JSON.parse(new TextDecoder().decode(await bytes(place, path)));

async function bytes(place: Place, path: string): Promise<Uint8Array> {
  const [, folder = '', file = ''] = /^(.*?)([^/]+)$/.exec(path) ?? [];
  return place(folder).read(file);
}
