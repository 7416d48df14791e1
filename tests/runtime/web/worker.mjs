/** The worker of remote.test.mjs. */

import { serve } from '../../../runtime/web/dist/worker.js';

await serve();
