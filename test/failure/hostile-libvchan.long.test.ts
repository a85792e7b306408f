import { besiege } from './hostile-states.js';

besiege('libvchan', 1_000_000);
