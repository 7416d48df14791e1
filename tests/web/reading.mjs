/**
 * A page, opened as its readers have it: what axe-core finds in it, how wide it is, which verdicts lie beside the
 * screen, and what it asked of a network.
 *
 *     node reading.mjs PAGE.html '{"modules": "…/node_modules", "dark": true, "width": 390, "picture": "x.png"}'
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

const [, , file, given = '{}'] = argv;
const { modules, executable, dark = false, width = 1280, picture, paper } = JSON.parse(given);
const require = createRequire(join(modules, 'package.json'));
const { chromium } = require('playwright-core');
const ASKED = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };

const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
try {
  const colorScheme = dark ? 'dark' : 'light';
  // A page lets no script run: axe-core, put into it below, is let past that.
  const view = { viewport: { width, height: 900 }, deviceScaleFactor: 2, colorScheme, bypassCSP: true };
  const page = await browser.newPage(view);
  const [faults, elsewhere] = [[], []];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('request', (request) => {
    if (!request.url().startsWith('data:') && !request.isNavigationRequest()) elsewhere.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  const beside = await page.evaluate(() =>
    [...document.querySelectorAll('.word')]
      .filter((word) => word.getBoundingClientRect().right > innerWidth)
      .map((word) => word.closest('tr')?.cells[0].innerText),
  );
  if (picture) await page.screenshot({ path: picture, fullPage: true });
  if (paper) await page.pdf({ path: paper, format: 'A4', printBackground: true });
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
  await page.addScriptTag({ path: require.resolve('axe-core') });
  const { violations } = await page.evaluate((asked) => axe.run(document, asked), ASKED);
  const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html) }));
  console.log(JSON.stringify({ found, wide, beside, faults, elsewhere }));
} finally {
  await browser.close();
}
