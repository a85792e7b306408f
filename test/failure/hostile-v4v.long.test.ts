import { besiege } from './hostile-states.js';

besiege('v4v', 1_000_000);
