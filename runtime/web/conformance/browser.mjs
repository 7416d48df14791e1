/** A headless Chromium: $CHROMIUM, or Debian's. */

import { env } from 'node:process';
import { chromium } from 'playwright-core';

/** @param {readonly string[]} [flags] More of Chromium's. */
export const launched = (flags = []) =>
  chromium.launch({ executablePath: env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', ...flags] });
