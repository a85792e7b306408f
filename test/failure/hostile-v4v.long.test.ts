import { besiege } from './hostile-states.js';

besiege('v4v', 1_000_000, 'transfer');
besiege('v4v', 20_000, 'setup');
besiege('v4v', 20_000, 'teardown');
