/** Runs all cases in plain Node, and prints a line of JSON for each: node.js FOLDER. */

import { join } from 'node:path';
import { argv } from 'node:process';
import { FolderSource } from 'edgeattn-web/folder';
import { lines } from './cases.js';

console.warn = () => {}; // texts that are cut are told of, and are meant to be
const [, , root = '.'] = argv;
for await (const line of lines((folder) => new FolderSource(join(root, folder)), 1)) console.log(JSON.stringify(line));
