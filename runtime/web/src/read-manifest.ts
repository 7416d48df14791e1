/** Reads a manifest's text: its JSON, its structure by the schema, and what ties one key to another. */

import { type OutputUnit, Validator } from '@cfworker/json-schema';
import generation from '../../generation.schema.json' with { type: 'json' };
import schema from '../../manifest.schema.json' with { type: 'json' };
import { BundleError, reason } from './errors.js';
import { type Json, parse } from './json.js';
import { type Manifest, mainGraph } from './manifest.js';
import { checkReferences } from './references.js';

const SCHEMA = 2;
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/u;
const structure = new Validator(schema as object, '2020-12');
structure.addSchema(generation as object);

/** Write a number so that the schema, to which 1.0 is an integer and any size a number, refuses it where the specification does. */
const odd = (found: number): Json => (Number.isSafeInteger(found) ? found + 0.5 : []);

/**
 * Read a manifest's text, without keys of later versions that may be passed over.
 *
 * @throws BundleError, in one line: the key at fault, what was found there and what was expected.
 */
export function readManifest(text: string): Manifest {
  const table = parsed(text);
  checkSchema(table);
  checkStructure(table);
  checkStructure(parsed(text, odd));
  const known = Object.entries(table as object).filter(([name]) => Object.hasOwn(schema.properties, name));
  const manifest = Object.fromEntries(known) as Manifest;
  const { provenance, processing, ...rest } = manifest;
  const { prompts = {}, ...texting } = processing?.text ?? {};
  const printable = [
    rest,
    { ...processing, text: texting },
    ...[table, provenance, prompts].map((each) => Object.keys(each as object)),
  ];
  for (const found of texts(printable as unknown as Json)) {
    if (UNPRINTABLE.test(found)) throw new BundleError(`${JSON.stringify(found)} found, a printable text expected`);
  }
  for (const [name, prompt] of Object.entries(prompts))
    if (!prompt.isWellFormed()) throw new BundleError(`processing.text.prompts.${name}: a lone surrogate found`);
  checkReferences(manifest, mainGraph(manifest));
  return manifest;
}

function parsed(text: string, odd?: (found: number) => Json): Json {
  try {
    return parse(text, odd);
  } catch (error) {
    throw new BundleError(`not valid JSON (${reason(error)}); copy the bundle again`); // or nested too deeply
  }
}

function checkSchema(table: Json): void {
  const { schema: found, critical } = (table ?? {}) as { schema?: Json; critical?: Json };
  const cure = typeof found === 'number' && found > SCHEMA ? 'upgrade edgeattn-web' : 'export again';
  if (found !== SCHEMA)
    throw new BundleError(`schema: ${JSON.stringify(found ?? null)} found, ${SCHEMA} expected; ${cure}`);
  // Keys since 0.1.0 that a reader must know: there is none yet.
  if (critical !== undefined)
    throw new BundleError(`critical: ${JSON.stringify(critical)} found, known keys expected; upgrade edgeattn-web`);
}

function checkStructure(table: Json): void {
  const { errors } = structure.validate(table);
  if (errors.length === 0) return;
  const deepest = errors.reduce((deep, each) => (places(each).length >= places(deep).length ? each : deep));
  const fault = deepest.keyword === 'false' ? 'an unknown key' : deepest.error.replace(/\.$/, '');
  throw new BundleError(`${places(deepest).join('.') || 'the manifest'}: ${fault}; export again`);
}

/** Return the keys and places that lead to a fault: "#/files/..~1a" is [files, ../a]. */
function places({ instanceLocation }: OutputUnit): string[] {
  const parts = instanceLocation.split('/').slice(1).map(decodeURI);
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Yield every key and text of a value. */
function* texts(value: Json): Generator<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield* Object.keys(value);
  for (const part of Object.values(value)) yield* texts(part as Json);
}
