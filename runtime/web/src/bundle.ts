/** Opens a bundle: a file of it is used once its size and hash are known to be the manifest's. */

import { BundleError, DeadlineError, reason } from './errors.js';
import { keep, kept } from './kept.js';
import type { Manifest } from './manifest.js';
import { readManifest } from './read-manifest.js';
import { sha256 } from './sha256.js';
import { signerOf } from './signature.js';
import type { Content, OnBytes, Source } from './source.js';

const MANIFEST = 'manifest.json';
const SIGNATURE = { file: 'manifest.sig', bytes: 64 }; // of Ed25519
// What Finder or Explorer leaves in a folder that it shows, and Hugging Face's hub in one that it fills: never read.
const PASSED_OVER = /(^|\/)(\.DS_Store|Thumbs\.db)$|^\.gitattributes$|^\.cache\/huggingface\//;
const KEPT_FROM = 2 ** 20; // bytes: smaller files are fetched anew
const LARGEST_MANIFEST = 2 ** 20; // bytes

/** How far loading has come, in bytes of all files that are needed. */
export type Progress = { readonly file: string; readonly loaded: number; readonly total: number };

/** A source whose manifest was read, and whose folder was listed where it can be. */
export class Bundle {
  private constructor(
    readonly manifest: Manifest,
    private readonly source: Source,
    private readonly name: string,
  ) {}

  /**
   * Read the manifest, and check that the signature and all listed files are there or are not, as it says.
   *
   * @param trustedKeys One of these has signed it, before anything else of it is read.
   * @throws BundleError
   */
  static async open(source: Source, trustedKeys?: readonly string[]): Promise<Bundle> {
    const name = source.name ?? 'the bundle';
    const content = await limited(source, name, MANIFEST, LARGEST_MANIFEST);
    const signer = trustedKeys && (await signerOf(name, content, await signatureOf(source, name), trustedKeys));
    const manifest = read(content, name);
    const bundle = new Bundle(manifest, source, name);
    bundle.expect(
      signer === undefined || manifest.signature?.key === signer,
      MANIFEST,
      'another key than its signer’s',
    );
    const listed = new Set([MANIFEST, ...Object.keys(manifest.files)]);
    if (manifest.signature) {
      await signatureOf(source, name);
      listed.add(SIGNATURE.file);
    }
    const list = await source.list?.().catch((error: unknown) => {
      throw new BundleError(`${name}: it cannot be listed (${reason(error)}); copy the bundle again, whole`);
    });
    const found = new Set(list ?? listed);
    for (const file of listed) bundle.expect(found.has(file), file, 'no such file');
    for (const file of found)
      bundle.expect(listed.has(file) || PASSED_OVER.test(file), file, `not listed in ${MANIFEST}`);
    return bundle;
  }

  /**
   * Read files, one after the other, and check their sizes and hashes.
   *
   * @param isUsed Says of which the content is returned; others are checked alone.
   * @throws BundleError
   */
  async read(
    files: readonly string[],
    onProgress: (progress: Progress) => void = () => {},
    isUsed: (file: string) => boolean = () => true,
  ): Promise<Map<string, Content>> {
    const total = files.reduce((sum, file) => sum + this.entry(file).size, 0);
    const contents = new Map<string, Content>();
    let before = 0;
    for (const file of files) {
      const content = await this.checked(file, (bytes) => onProgress({ file, loaded: before + bytes, total }));
      if (isUsed(file)) contents.set(file, content);
      before += this.entry(file).size;
    }
    return contents;
  }

  private async checked(file: string, onBytes: (bytes: number) => void): Promise<Content> {
    const { sha256: expected, size } = this.entry(file);
    const large = size >= KEPT_FROM;
    const known = large ? await kept(expected) : undefined;
    if (known && (await sha256(known)) === expected) {
      onBytes(size);
      return known;
    }
    const content = await limited(this.source, this.name, file, size, onBytes);
    this.expect(content.length === size, file, `${content.length} bytes found, ${size} expected (truncated?)`);
    const found = await sha256(content);
    const digits = [found, expected].map((each) => `${each.slice(0, 12)}...`);
    this.expect(found === expected, file, `sha256 ${digits[0]} found, ${digits[1]} expected (changed)`);
    if (large) await keep(expected, content);
    return content;
  }

  private entry(file: string): Manifest['files'][string] {
    return this.manifest.files[file] as Manifest['files'][string];
  }

  private expect(kept: boolean, file: string, fault: string): void {
    if (!kept) throw new BundleError(`${this.name}/${file}: ${fault}; copy the bundle again`);
  }
}

async function signatureOf(source: Source, name: string): Promise<Content> {
  const content = await limited(source, name, SIGNATURE.file, SIGNATURE.bytes);
  if (content.length === SIGNATURE.bytes) return content;
  throw new BundleError(
    `${name}/${SIGNATURE.file}: ${content.length} bytes found, ${SIGNATURE.bytes} expected; copy the bundle again`,
  );
}

function read(content: Content, name: string): Manifest {
  try {
    return readManifest(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content));
  } catch (error) {
    throw new BundleError(`${name}/${MANIFEST}: ${reason(error)}`);
  }
}

/** Read a file that may have no more bytes than these. */
async function limited(
  source: Source,
  name: string,
  file: string,
  most: number,
  onBytes: OnBytes = () => {},
): Promise<Content> {
  const watched = (bytes: number): void => {
    if (bytes > most) throw new BundleError(`more than ${most} bytes found`);
    onBytes(bytes);
  };
  try {
    const content = await source.read(file, watched);
    watched(content.length);
    return content;
  } catch (error) {
    if (error instanceof DeadlineError) throw error;
    throw new BundleError(`${name}/${file}: ${reason(error)}; copy the bundle again, whole`);
  }
}
