/** Runs all cases in plain Node, and prints a line of JSON for each: node.js FOLDER [native]. */

import { join } from 'node:path';
import { argv } from 'node:process';
import { FolderSource } from 'edgeattn-web/folder';
import { native } from 'edgeattn-web/native';
import { lines } from './cases.js';

console.warn = () => {}; // texts that are cut are told of, and are meant to be
const [, , root = '.', engine = 'web'] = argv;
const options = { threads: 1, ...(engine === 'native' && { engine: native }) };
for await (const line of lines((folder) => new FolderSource(join(root, folder)), options))
  console.log(JSON.stringify(line));
