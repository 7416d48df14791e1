/** Tells how a story goes on, as it is made up: story NAME.edge BEGINNING [SEED]. The same seed tells the same story. */

import { stdout } from 'node:process';
import { command, show } from './command.js';

await command('story NAME.edge BEGINNING [SEED]', async (model, [beginning = '', seed]) => {
  stdout.write(beginning);
  await show(model.write(beginning, { temperature: 0.8, topP: 0.9, ...(seed && { seed: Number(seed) }) }));
});
