import { besiege } from './hostile-states.js';

besiege('v2v', 1_000_000);
