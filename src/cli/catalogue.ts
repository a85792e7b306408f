import { scenarios } from '../../scenarios/index.js';
import { transports } from '../../transports/index.js';
import { PROFILES } from '../profiles/index.js';
import type { Catalogue } from '../runner/request.js';

/** All that comes with the program. Nothing but the command line knows the lists. */
export const CATALOGUE: Catalogue = { transports, scenarios, profiles: PROFILES };
