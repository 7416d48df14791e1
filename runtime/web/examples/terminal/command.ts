/** What the examples for Node share: how one begins, and how it ends where a call is refused. */

import { argv, exit, stdout } from 'node:process';
import { EdgeAttnError, load, type Model } from 'edgeattn-web';
import { native } from 'edgeattn-web/native';

/** Open the bundle that the first word names, and do what is to be done with it and the other words. */
export async function command(usage: string, run: (model: Model, words: readonly string[]) => Promise<void>) {
  const [, , bundle, ...words] = argv;
  if (!bundle || words.length === 0) return refuse(usage);
  try {
    await run(await load(bundle, { engine: native }), words);
  } catch (error) {
    if (!(error instanceof EdgeAttnError)) throw error;
    refuse(error.message);
  }
}

/** Print text as it comes. */
export async function show(pieces: AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) stdout.write(piece);
  stdout.write('\n');
}

function refuse(message: string): never {
  console.error(message);
  exit(2);
}
