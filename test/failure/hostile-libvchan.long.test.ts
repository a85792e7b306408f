import { besiege } from './hostile-states.js';

besiege('libvchan', 1_000_000, 'transfer');
besiege('libvchan', 20_000, 'setup');
besiege('libvchan', 20_000, 'teardown');
