import { besiege } from './hostile-states.js';

besiege('v2v', 1_000_000, 'transfer');
besiege('v2v', 20_000, 'setup');
besiege('v2v', 20_000, 'teardown');
