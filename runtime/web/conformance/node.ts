/** Runs all cases in plain Node, and prints a line of JSON for each: node.js FOLDER. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { FolderSource } from 'edgeattn-web/folder';
import { type Case, lines } from './cases.js';

const folder = argv[2] as string;
const cases: readonly Case[] = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf-8'));
for (const one of cases) {
  for await (const line of lines(one, new FolderSource(join(folder, one.bundle)), 1)) console.log(JSON.stringify(line));
}
