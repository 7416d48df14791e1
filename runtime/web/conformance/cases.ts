/** Runs the cases of runtime/conformance, in Node and in a page alike. */

import { compare, load, type Model, type Source, type Tensor, type Tensors, tensor } from 'edgeattn-web';

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

/** One bundle of cases.json. */
export type Case = {
  readonly bundle: string;
  readonly verdict: string;
  readonly error: string | null;
  readonly needs?: string;
  readonly calls: readonly Call[];
  readonly generate: readonly Run[];
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

type Found = { readonly found: string; readonly near?: { readonly max_abs: number | null; readonly cosine: number } };

/** Yield a line for each thing that a case asks for. */
export async function* lines(one: Case, source: Source, threads: number): AsyncGenerator<Line> {
  let model: Model | undefined;
  const line = async (what: string, expected: string, attempt: () => Promise<Found>): Promise<Line> => {
    const started = performance.now();
    const { found, near } = await attempt().catch((error: Error) => ({ found: error.name, near: undefined }));
    const agrees = found === expected || found === 'cannot list';
    const seconds = (performance.now() - started) / 1e3;
    return {
      bundle: one.bundle,
      what,
      agrees,
      expected,
      found,
      max_abs: near?.max_abs ?? null,
      cosine: near?.cosine ?? null,
      seconds,
    };
  };
  yield line('open', one.error ?? one.verdict, async () => {
    if (one.needs === 'listing' && !source.list) return { found: 'cannot list' };
    model = await load(source, { threads });
    const results = await model.check();
    const worst = results.reduce((least, each) => (each.cosine < least.cosine ? each : least));
    return { found: results.every(({ ok }) => ok) ? 'accepted' : 'golden-fails', near: worst };
  });
  for (const [i, call] of one.calls.entries()) {
    yield line(`call ${i}`, call.error ?? 'answered', () => called(model as Model, call));
  }
  for (const [i, run] of one.generate.entries()) {
    yield line(`generate ${i}`, run.error ?? String(run.tokens), () => generated(model as Model, run));
  }
}

async function called(model: Model, { graph, inputs, outputs = {}, tolerance }: Call): Promise<Found> {
  const answers = await model.run(tensors(inputs), graph);
  const near = Object.entries(tensors(outputs)).map(([name, expected]) => compare(answers[name] as Tensor, expected));
  const worst = near.reduce((least, each) => (each.cosine < least.cosine ? each : least));
  const whole = String(Object.keys(answers).sort()) === String(Object.keys(outputs).sort());
  return { found: whole && worst.cosine >= (tolerance?.cosine ?? 1) ? 'answered' : 'answered otherwise', near: worst };
}

async function generated(model: Model, { prompt, sources, start = [], max_new_tokens }: Run): Promise<Found> {
  const options = { start, ...(max_new_tokens !== null && { maxNewTokens: max_new_tokens }) };
  const tokens: number[] = [];
  for await (const token of model.generate(prompt ?? tensors(sources ?? {}), options)) tokens.push(token);
  return { found: String(tokens) };
}

function tensors(table: Table): Tensors {
  const read = ({ dtype, shape, data }: Numbers): Tensor => tensor(dtype, shape, data.map(Number));
  return Object.fromEntries(Object.entries(table).map(([name, numbers]) => [name, read(numbers)]));
}
