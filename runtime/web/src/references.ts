/** What ties one key of a manifest to another. */

import { BundleError } from './errors.js';
import { checkBundle, LIMITS } from './limits.js';
import type {
  AnswerSpan,
  Bounds,
  Generation,
  Graph,
  Labels,
  Manifest,
  Objects,
  PredictionReader,
  Tags,
  TensorSpec,
  Transcript,
  Variant,
} from './manifest.js';
import { allows, named, range, symbolsOf, written } from './manifest.js';
import { boxPixels, covered } from './resize.js';
import { checkStreaming } from './streaming.js';

const CAPACITY = 'capacity'; // the symbol of the tokens that the key-value cache has room for
const CACHED = ['float32', 'int8']; // the dtypes of a cache's tensors

/** Check a manifest whose every key is of the right kind; throws BundleError. */
export function checkReferences(manifest: Manifest, main: string): void {
  const { graphs, symbols, files, generation, golden, variants } = manifest;
  expect(!golden || golden.file in files, `golden.file: ${golden?.file} is not in files; list it there`);
  for (const [name, graph] of Object.entries(graphs)) checkGraph(`graphs.${name}`, graph, symbols);
  for (const [name, bounds] of Object.entries(symbols)) {
    expect(
      allows({ ...bounds, min: 0 }, bounds.min),
      `symbols.${name}: ${range(bounds)} found, a max of at least its min expected`,
    );
  }
  if (generation) checkGeneration(generation, graphs, symbols);
  checkRows(manifest, graphs[main] as Graph);
  checkProcessing(manifest, main);
  checkStreaming(manifest, main);
  variants.forEach((variant, i) => void checkVariant(`variants[${i}]`, variant, manifest, main));
}

function expect(kept: boolean, refusal: string): asserts kept {
  if (!kept) throw new BundleError(refusal);
}

const sorted = (names: readonly string[]): string => [...names].sort().join(', ') || 'none';
const once = (names: readonly string[]): boolean => new Set(names).size === names.length;

function checkGraph(key: string, { inputs, outputs }: Graph, symbols: Manifest['symbols']): void {
  for (const { name, lengths_of: symbol } of inputs) {
    const known = symbol === undefined || symbolsOf(inputs).includes(symbol);
    expect(known, `${key}: ${name} has lengths of ${symbol}, a dim of an input expected`);
  }
  for (const tensors of [inputs, outputs]) {
    expect(once(tensors.map(({ name }) => name)), `${key}: two tensors of one name found; name each once`);
    for (const symbol of symbolsOf(tensors))
      expect(symbol in symbols, `${key}: a dim ${symbol} that is not in symbols`);
  }
}

function checkGeneration(generation: Generation, graphs: Manifest['graphs'], symbols: Manifest['symbols']): void {
  const { cache, carried = [], encoder, sources = [], positions } = generation;
  const graph = (key: string, name: string): Graph => {
    expect(name in graphs, `generation.${key}: ${name} is not in graphs; it has ${sorted(Object.keys(graphs))}`);
    return graphs[name] as Graph;
  };
  const takes = (key: string, { inputs }: Graph, names: readonly string[]): void => {
    const found = sorted(inputs.map(({ name }) => name));
    expect(
      found === sorted(names),
      `generation.${key}: a graph that takes ${found} found, one that takes ${sorted(names)} expected`,
    );
  };
  const tensor = (
    key: string,
    tensors: readonly TensorSpec[],
    name: string,
    dtypes: string | readonly string[],
    ...dims: (string | number | RegExp)[]
  ) => {
    const found = named(tensors, name);
    expect(found !== undefined, `generation.${key}: the graph has no ${name}, only ${tensors.map(written).join(', ')}`);
    const fits = dims.map((dim, i) => (dim instanceof RegExp ? dim.test(typeof found.dims[i]) : dim === found.dims[i]));
    const kept = [dtypes].flat().includes(found.dtype) && found.dims.length === dims.length && fits.every(Boolean);
    expect(
      kept,
      `generation.${key}: ${written(found)} found, ${[dtypes].flat().join(' or ')}[${dims.join(', ')}] expected`,
    );
    return found;
  };
  const reaches = (name: string, most: number | null): void => {
    const { min, max } = symbols[name] as Bounds;
    const kept = min <= 1 && (max === null || (most !== null && most <= max));
    expect(
      kept,
      `symbols.${name}: ${range({ min, max })} found, ${range({ min: 1, max: most })} expected by generation`,
    );
  };

  const decoder = graph('decoder', generation.decoder);
  takes('decoder', decoder, [generation.tokens, generation.length, ...cache.map(({ past }) => past), ...carried]);
  const tokens = tensor('tokens', decoder.inputs, generation.tokens, 'int64', /string/, /string/);
  const [batch, sequence] = tokens.dims as [string, string];
  const logits = tensor('logits', decoder.outputs, generation.logits, 'float32', batch, sequence, /number/);
  tensor('length', decoder.inputs, generation.length, 'int64', 1);
  for (const [i, { past, present }] of cache.entries()) {
    const of = tensor(`cache[${i}].past`, decoder.inputs, past, CACHED, batch, /number/, CAPACITY, /number/);
    tensor(`cache[${i}].present`, decoder.outputs, present, of.dtype, ...of.dims);
  }
  expect(once(cache.map(({ present }) => present)), 'generation.cache: one output continues two entries');
  if (encoder !== undefined) {
    const { inputs, outputs } = graph('encoder', encoder);
    takes('sources', { inputs, outputs }, sources);
    for (const name of carried) {
      const { dtype, dims } = named(decoder.inputs, name);
      tensor('carried', outputs, name, dtype, ...dims);
    }
  }
  reaches(batch, 1);
  for (const symbol of [sequence, CAPACITY]) reaches(symbol, positions);
  checkDefaults(generation, logits.dims[2] as number, symbols[batch] as Bounds);
}

/** Check tokens against the vocabulary, and beams against the rows of a call. */
function checkDefaults({ defaults = {}, encoder }: Generation, words: number, { max }: Bounds): void {
  const { start = [], stop = [], num_beams: beams = 1 } = defaults;
  const alone = encoder === undefined && start.length > 0;
  expect(!alone, 'generation.defaults.start: found in a decoder alone, which begins with its prompt');
  for (const token of [...start, ...stop])
    expect(token < words, `generation.defaults: token ${token} found, 0 to ${words - 1} expected`);
  expect(
    max === null || beams <= max,
    `generation.defaults.num_beams: ${beams} found, at most ${max} expected: the rows of a call`,
  );
}

function checkRows({ rows, symbols }: Manifest, { inputs, outputs }: Graph): void {
  if (!rows) return;
  for (const tensor of [...inputs, ...outputs]) {
    const leads = tensor.dims.indexOf(rows.batch) === 0 && tensor.dims.lastIndexOf(rows.batch) === 0;
    expect(leads, `rows.batch: ${written(tensor)} found, ${rows.batch} expected to lead it and no more`);
  }
  const known = symbolsOf(inputs);
  for (const symbol of symbolsOf(outputs))
    expect(known.includes(symbol), `rows: an output with a dim ${symbol} that no input has`);
  expect(symbols[rows.batch]?.min === 1, `symbols.${rows.batch}.min: 1 expected by rows`);
  if (rows.padding) {
    const mask = named(inputs, rows.padding.mask);
    const kept = mask?.dims.length === 2 && typeof mask.dims[1] === 'string';
    expect(kept, `rows.padding.mask: ${rows.padding.mask} found, an input of a batch of symbolic length expected`);
  }
}

function checkProcessing({ processing = {}, graphs, generation, files }: Manifest, main: string): void {
  const called = [generation?.encoder, generation?.decoder, main].flatMap((name) => graphs[name ?? ''] ?? []);
  const has = (key: string, name: string | null | undefined, kind: RegExp, ...ranks: number[]): void => {
    if (name == null) return;
    const found = named(
      called.flatMap((graph) => (key.endsWith('.output') ? graph.outputs : graph.inputs)),
      name,
    );
    const kept = found && kind.test(found.dtype) && (ranks.length === 0 || ranks.includes(found.dims.length));
    const expected = `${kind.source} of ${ranks.join(' or ') || 'any'} dims`;
    expect(kept === true, `processing.${key}: ${found ? written(found) : name} found, ${expected} expected`);
  };
  const { text, image, audio, series, labels, prediction } = processing;
  if (text)
    expect(text.tokenizer in files, `processing.text.tokenizer: ${text.tokenizer} is not in files; list it there`);
  expect(!text || text.mask !== text.ids, `processing.text.mask: ${text?.mask} found, another input than ids expected`);
  expect(
    !text || text.types === null || ![text.ids, text.mask].includes(text.types),
    `processing.text.types: ${text?.types} found, another input than ids and mask expected`,
  );
  if (text?.default_prompt !== undefined)
    expect(
      text.default_prompt in (text.prompts ?? {}),
      `processing.text.default_prompt: ${text.default_prompt} found, one of prompts expected`,
    );
  has('text.ids', text?.ids, /int/, 2);
  has('text.mask', text?.mask, /./, 2);
  has('text.types', text?.types, /./, 2);
  has('image.input', image?.input, /float32/, 4);
  const inputs = called.flatMap((graph) => graph.inputs);
  const sized = (key: string, size: number, { dims }: TensorSpec, axis: number): void => {
    const dim = dims[axis];
    expect(typeof dim === 'string' || dim === size, `processing.${key}: ${size} found, ${dim} expected by the input`);
  };
  if (image) {
    const { layout, height, width, channels, resize, align, border } = image;
    const spec = named(inputs, image.input);
    sized('image.channels', channels.length, spec, layout.indexOf('C'));
    for (const [side, size] of Object.entries({ height, width })) {
      const axis = layout.indexOf(side === 'height' ? 'H' : 'W');
      if (size !== null) sized(`image.${side}`, size, spec, axis);
      else
        expect(
          typeof spec.dims[axis] === 'string',
          `processing.image.${side}: null found, a size expected by the input`,
        );
    }
    checkBundle('processing.image: height x width', (height ?? 0) * (width ?? 0), LIMITS.pixels);
    if (resize) {
      checkBundle('processing.image.resize: height x width', boxPixels(resize), LIMITS.pixels);
      const least = covered(resize);
      const fills = align !== 'start' && least.height >= (height ?? 0) && least.width >= (width ?? 0);
      const expected = `one expected around images that do not fill ${height} x ${width}`;
      expect(fills || border !== undefined, `processing.image: no border found, ${expected}`);
    }
  }
  has('audio.input', audio?.input, /float32/, ...(audio?.channels === 1 && !audio.log_mel ? [2, 3] : [3]));
  if (audio) {
    checkBundle('processing.audio.rate', audio.rate, LIMITS.rate);
    const spec = named(inputs, audio.input);
    if (spec.dims.length === 3 && !audio.log_mel) sized('audio.channels', audio.channels, spec, 1);
    const samples = spec.dims.at(-1);
    if (typeof samples === 'number' && !audio.log_mel)
      checkBundle('processing.audio: channels x samples', audio.channels * samples, LIMITS.samples);
  }
  if (audio?.log_mel) {
    const { frame, hop, bands, stack } = audio.log_mel;
    checkBundle('processing.audio.log_mel.frame', frame, LIMITS.frame);
    checkBundle('processing.audio.log_mel: frame / hop', frame / hop, LIMITS.frames);
    checkBundle('processing.audio.log_mel.bands', bands, LIMITS.bands);
    checkBundle('processing.audio.log_mel: samples of a token', (stack - 1) * hop + frame, LIMITS.token);
    expect(audio.channels === 1, `processing.audio.channels: ${audio.channels} found, 1 expected by log_mel`);
    const found = named(inputs, audio.input);
    expect(
      found?.dims[2] === bands * stack,
      `processing.audio.log_mel: ${bands * stack} numbers a token found, ${written(found)}`,
    );
  }
  has('series.input', series?.input, /float32/, 3);
  has('series.output', series?.output, /float32/, 3);
  if (series) {
    const { input, output, names, mean, std } = series;
    const each = called.flatMap(({ inputs, outputs }) => [named(inputs, input), named(outputs, output ?? '')]);
    for (const tensor of each)
      expect(
        !tensor || tensor.dims[1] === names.length,
        `processing.series.names: ${names.length} found, another number than in ${tensor && written(tensor)}`,
      );
    expect(
      mean.length === names.length && std.length === names.length,
      'processing.series: a mean and a std for each of names expected',
    );
  }
  has('labels.output', labels?.output, /float32/);
  if (labels) {
    const places =
      named(
        called.flatMap(({ outputs }) => outputs),
        labels.output,
      ).dims.at(-1) ?? 1;
    const found = labels.names.length;
    expect(found === places, `processing.labels.names: ${found} found, ${places} expected by ${labels.output}`);
  }
  const outputs = called.flatMap((graph) => graph.outputs);
  if (prediction?.kind === 'span') checkAnswer(prediction, outputs);
  else if (labels && prediction) checkPrediction(prediction, labels, outputs);
  expect(
    prediction?.kind !== 'tags' || text !== undefined,
    'processing.text: missing; expected by processing.prediction',
  );
}

/** Check that an answer can be read from the outputs that it names. */
function checkAnswer({ start, end }: AnswerSpan, outputs: readonly TensorSpec[]): void {
  const [begins, ends] = [named(outputs, start), named(outputs, end)];
  const fits = (found?: TensorSpec): boolean => found?.dtype === 'float32' && found.dims.length === 2;
  const kept = fits(begins) && fits(ends) && String(begins.dims) === String(ends.dims);
  expect(kept, `processing.prediction: ${start} and ${end} found, two float32 [batch, sequence] expected`);
}

/** Check that a prediction can be read from the outputs that it names. */
function checkPrediction(reader: PredictionReader, { output, names }: Labels, outputs: readonly TensorSpec[]): void {
  if (reader.kind === 'classes') return;
  const values = named(outputs, output);
  expect(values.dims.length === 3, `processing.labels.output: ${written(values)} found, float32 of 3 dims expected`);
  const { blank, delimiter, background, outside, boxes } = { boxes: undefined, ...reader } as Partial<
    Transcript & Objects & Tags
  >;
  const places = { blank, delimiter, background, outside };
  for (const [key, place] of Object.entries(places))
    expect(
      (place ?? 0) < names.length,
      `processing.prediction.${key}: ${place} found, below the ${names.length} labels expected`,
    );
  if (boxes === undefined) return;
  const found = named(outputs, boxes);
  const fits = found?.dtype === 'float32' && String(found.dims) === String([...values.dims.slice(0, 2), 4]);
  const expected = `float32 of 4 for each candidate of ${written(values)} expected`;
  expect(fits, `processing.prediction.boxes: ${found ? written(found) : boxes} found, ${expected}`);
}

function checkVariant(key: string, variant: Variant, { graphs, files, symbols, rows }: Manifest, main: string): void {
  const [found, expected] = [sorted(Object.keys(variant.files)), sorted(Object.keys(graphs))];
  expect(found === expected, `${key}.files: ${found} found, ${expected} expected: one file for each graph`);
  for (const file of Object.values(variant.files))
    expect(file in files, `${key}.files: ${file} is not in files; list it there`);
  const held = sorted(Object.keys(variant.tolerance));
  const outputs = sorted((graphs[main] as Graph).outputs.map(({ name }) => name));
  expect(held === outputs, `${key}.tolerance: ${held} found, ${outputs} expected: one number for each output`);
  for (const [symbol, size] of Object.entries(variant.sizes)) {
    const bounds = symbols[symbol];
    expect(bounds !== undefined, `${key}.sizes: ${symbol} found, a symbol expected: ${sorted(Object.keys(symbols))}`);
    expect(allows(bounds, size), `${key}.sizes.${symbol}: ${size} found, ${range(bounds)} expected`);
  }
  expect(rows !== undefined || variant.stacks.length === 0, `${key}.stacks: some found, none expected without rows`);
  const known = symbolsOf((graphs[main] as Graph).inputs).filter((symbol) => symbol !== rows?.batch);
  for (const { sizes, rows: count } of variant.stacks) {
    const names = sorted(Object.keys(sizes));
    expect(names === sorted(known), `${key}.stacks: ${names} found, ${sorted(known)} expected as in the inputs`);
    expect(
      allows(symbols[rows?.batch ?? ''] as Bounds, count),
      `${key}.stacks: ${count} rows found, more than symbols allow`,
    );
  }
}
