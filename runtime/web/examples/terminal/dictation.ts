/** Takes down what is said in a WAV file, as it is spelled: dictation NAME.edge SOUND.wav. */

import { readFile } from 'node:fs/promises';
import { readWav } from 'edgeattn-web';
import { command, show } from './command.js';

await command('dictation NAME.edge SOUND.wav', async (model, [file = '']) => {
  const sound = model.prepare({ audio: readWav(await readFile(file)) });
  await show(model.write(sound));
});
