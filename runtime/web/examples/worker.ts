/** Holds the model, so that the page stays quick. */

import { serve } from 'edgeattn-web/worker';

void serve();
