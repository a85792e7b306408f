#!/usr/bin/env node
import * as nodeModule from 'node:module';

// Node 22 and later keep compiled code between invocations; older ones do without.
(nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { runProgram } = await import('./program.js');
const { Terminal } = await import('./terminal.js');

const terminal = new Terminal(process.stdout, process.stderr, process.env);
process.exitCode = await runProgram(process.argv.slice(2), terminal);
