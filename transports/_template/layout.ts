/**
 * The shared page of the mailbox transport: two mailboxes of one message each, and who is still there.
 *
 * | bytes | field | written by |
 * | --- | --- | --- |
 * | 0 | length of the message for the server; 0: empty | client when it puts one in, server when it has taken it |
 * | 4 | length of the message for the client; 0: empty | server, client |
 * | 8, 9 | server is there, client is there | each its own |
 * | 64 ... 2079 | message for the server | client |
 * | 2080 ... 4095 | message for the client | server |
 *
 * Describe your layout like this: who writes each field decides what a hostile peer can do. Here both sides can write all
 * of it, so no value in it is trusted.
 */
export const LENGTH_FOR_SERVER = 0;
export const LENGTH_FOR_CLIENT = 4;
export const SERVER_IS_THERE = 8;
export const CLIENT_IS_THERE = 9;
export const SLOT_FOR_SERVER = 64;
export const SLOT_FOR_CLIENT = 2080;

/** What fits a mailbox. */
export const SLOT_BYTES = 2016;
