import assert from 'node:assert/strict';
import { it } from 'node:test';
import { messagesOf, type ReportCell } from './report-data.js';

it('counters of real Xen say themselves of how many messages they are', () => {
  // Reasons come from windows with xentrace, the figure from those without: their quotient is no number of messages.
  const cell = {
    counters: { copies: { messages: 6, payloadBytes: 1_572_864 }, entries: { hlt: 1027 } },
    metrics: { entriesPerMessage: { value: 113 } },
    parameters: { messages: 6 },
  } as unknown as ReportCell;
  assert.equal(messagesOf(cell), 6);
  assert.equal(messagesOf({ ...cell, counters: { entries: { hlt: 1130 } } } as never), 10);
});
