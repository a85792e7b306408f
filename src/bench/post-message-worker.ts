import { parentPort } from 'node:worker_threads';

/** Takes messages, and answers the one that says it is the last. */
parentPort?.on('message', (message: { readonly last: boolean }) => {
  if (message.last) parentPort?.postMessage('done');
});
