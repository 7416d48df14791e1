/** A graph opened in an engine: called with tensors that are known to keep its contract. */

import type { InferenceSession } from 'onnxruntime-common';
import type { Engine, Ort, Started } from './engine.js';
import {
  BundleError,
  IncompatibleRuntimeError,
  InputError,
  isShortage,
  ResourceError,
  reason,
  saying,
} from './errors.js';
import type { Dtype, Graph, TensorSpec, Variant } from './manifest.js';
import type { Content } from './source.js';
import { assembled, type Data, type Tensor, type Tensors } from './tensor.js';

const FATAL = 4; // of 0 verbose to 4 fatal: errors are thrown anyway

// What onnxruntime says of a graph that is whole, but beyond this build.
const BEYOND =
  /model IR version|official released onnx opset|not a registered function|No Op registered|Could not find an implementation/;
const OUTSIDE_TABLE = /idx=(-?\d+) must be within the inclusive range \[-?\d+,(\d+)\]/;

export class GraphSession {
  #last: Promise<unknown> = Promise.resolve(); // a session answers one call at a time
  #closed = false;

  private constructor(
    private readonly ort: Ort,
    private readonly session: InferenceSession,
    private readonly file: string,
  ) {}

  /**
   * Open a graph of a bundle.
   *
   * @param file Its name.
   * @param files Those that hold it and its weights; or the path of the graph, beside which its weights lie.
   * @throws BundleError, IncompatibleRuntimeError, ResourceError
   */
  static async open(
    { package: engine }: Engine,
    started: Started,
    graph: Graph,
    file: string,
    files: ReadonlyMap<string, Content> | string,
    variant: Variant,
    threads: number,
  ): Promise<GraphSession> {
    const path = typeof files === 'string';
    const weights = path ? [] : [...files].filter(([name]) => isWeightsOf(name, file));
    const options: InferenceSession.SessionOptions = {
      ...started.options(variant, threads),
      ...(!path && { externalData: weights.map(([name, data]) => ({ path: name.split('/').at(-1) as string, data })) }),
      enableCpuMemArena: variant.session?.arena ?? true,
      enableMemPattern: variant.session?.memory_pattern ?? true,
      logSeverityLevel: FATAL,
    };
    const { ort, version } = started;
    const { create } = ort.InferenceSession;
    const opening = path ? create(files, options) : create(files.get(file) as Content, options);
    const session = await opening.catch((error: unknown) => {
      const why = `${file}: ${engine} ${version} cannot load it (${explained(error)})`;
      if (isShortage(error)) throw new ResourceError(`${why}; close what else is open`);
      throw BEYOND.test(saying(error))
        ? new IncompatibleRuntimeError(`${why}; upgrade ${engine}`)
        : new BundleError(`${why}; export again`);
    });
    const opened = new GraphSession(ort, session, file);
    opened.#check('inputs', session.inputMetadata, graph.inputs);
    opened.#check('outputs', session.outputMetadata, graph.outputs);
    return opened;
  }

  /** Run the graph; throws InputError where the inputs are at fault, or it is closed, else BundleError. */
  async run(inputs: Tensors): Promise<Tensors> {
    if (this.#closed) throw new InputError(`${this.file}: a closed model; load it again`);
    const call = this.#last.then(() => this.#run(inputs));
    this.#last = call.catch(() => {});
    return call;
  }

  /** Give its memory back, once what it was asked is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    await this.session.release();
  }

  async #run(inputs: Tensors): Promise<Tensors> {
    const { Tensor } = this.ort;
    const feeds = Object.entries(inputs).map(([name, { dtype, data, dims }]) => [
      name,
      new Tensor(dtype as 'float32', data as Float32Array, dims),
    ]);
    try {
      const outputs = await this.session.run(Object.fromEntries(feeds), { logSeverityLevel: FATAL });
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { type, dims, data }]) => [name, ours(type as Dtype, dims, data as Data)]),
      );
    } catch (error) {
      throw this.#failure(error, inputs);
    }
  }

  #failure(error: unknown, inputs: Tensors): InputError | BundleError {
    const why = explained(error);
    const [, index, last] = OUTSIDE_TABLE.exec(saying(error)) ?? [];
    if (index !== undefined) {
      return new InputError(
        `${this.file}: index ${index} out of range for a lookup table of ${Number(last) + 1} rows; give 0 to ${last}`,
      );
    }
    if (isShortage(error)) {
      const shapes = Object.entries(inputs).map(([name, { dims }]) => `${name} [${dims}]`);
      return new InputError(
        `${this.file}: ${shapes.join(', ')} need more memory than there is (${why}); give shorter inputs`,
      );
    }
    return new BundleError(`${this.file}: fails on inputs that its contract allows (${why}); export again`);
  }

  #check(kind: string, nodes: readonly InferenceSession.ValueMetadata[], specs: readonly TensorSpec[]): void {
    const list = (each: string[]): string => each.sort().join(', ');
    const found = list(nodes.map((node) => `${node.name}: ${node.isTensor ? node.type : 'no tensor'}`));
    const expected = list(specs.map(({ name, dtype }) => `${name}: ${dtype}`));
    if (found !== expected)
      throw new BundleError(`${this.file}: ${kind} ${found} found, ${expected} expected by the manifest; export again`);
  }
}

/** Say whether a file of the bundle holds weights of a graph. */
export const isWeightsOf = (file: string, graph: string): boolean => file.startsWith(`${graph}.data`);

const explained = (error: unknown): string => reason(error).replace(/^.*ERROR_MESSAGE: /, '');

/** Take an output over; a float16 comes as its bits, whatever array holds it. */
function ours(dtype: Dtype, dims: readonly number[], data: Data): Tensor {
  const bits = dtype === 'float16' ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
  return assembled(dtype, dims, bits);
}
