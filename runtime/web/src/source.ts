/** Where a bundle's files come from. */

import { InputError, reason } from './errors.js';

/** A whole file. */
export type Content = Uint8Array<ArrayBuffer>;

/** Told, as a file comes, how many of its bytes are there; what it throws ends the reading. */
export type OnBytes = (bytes: number) => void;

/** A bundle's folder. */
export interface Source {
  /** What messages call it. */
  readonly name?: string;
  /** Return a file of the folder, such as "weights/lookup.bin"; throws where there is none. */
  read(path: string, onBytes?: OnBytes): Promise<Content>;
  /** Return the path of every file of the folder, hidden ones and links included, where it can be listed. */
  list?(): Promise<string[]>;
  /** Return where a file of the folder lies on this machine, for an engine that maps files into memory. */
  place?(path: string): string;
}

/** A bundle behind a URL; a web server lists no folder. */
export class UrlSource implements Source {
  readonly name: string;

  constructor(private readonly url: string | URL) {
    this.name = this.#address('').href.replace(/\/$/, '');
  }

  async read(path: string, onBytes?: OnBytes): Promise<Content> {
    const response = await fetch(this.#address(path)).catch((error: unknown) => {
      throw new Error(`${reason(error)} (check the address and the network)`);
    });
    if (!response.ok || !response.body) throw new Error(`status ${response.status} found, a file expected`);
    return gathered(response.body, onBytes);
  }

  /** Return the address of a file: below the folder's, with what stands behind a question mark. */
  #address(path: string): URL {
    const base = globalThis.location?.href;
    if (!URL.canParse(this.url, base))
      throw new InputError(`${this.url}: no address found; give that of the bundle's folder`);
    const address = new URL(this.url, base);
    address.pathname = `${address.pathname.replace(/\/$/, '')}/${path}`;
    return address;
  }
}

/** Read a stream to its end. */
async function gathered(stream: ReadableStream<Uint8Array>, onBytes: OnBytes = () => {}): Promise<Content> {
  const parts: Content[] = [];
  let bytes = 0;
  const counted = new WritableStream<Content>({
    write(part) {
      parts.push(part);
      bytes += part.length;
      onBytes(bytes);
    },
  });
  await (stream as ReadableStream<Content>).pipeTo(counted);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
