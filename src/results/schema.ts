import type { TSchema } from '@sinclair/typebox';
import {
  type TypeCheck,
  TypeCompiler,
  type ValueError,
  ValueErrorType,
} from '@sinclair/typebox/compiler';
import { UserError } from '../base/errors.js';
import { cellId } from './cell-id.js';
import { findJsonFault } from './json-fault.js';
import { OtherSchema } from './other-schema.js';
import { CellSchema, JournalHeaderSchema, MOST_CELLS, ResultsSchema, RunSchema } from './shape.js';
import { type Cell, type JournalHeader, type ResultsFile, SCHEMA_VERSION } from './types.js';

/**
 * Checks everything that is read from disk. Importing this module loads TypeBox (about 50 ms), so
 * import it where results are read, and `types.js` elsewhere.
 */

/** The plain JSON Schema (draft 7) of a results file, for editors and other people's validators. */
export function resultsJsonSchema(): Record<string, unknown> {
  return JSON.parse(JSON.stringify(ResultsSchema)) as Record<string, unknown>;
}

/**
 * Reads the text of a results file. Throws UserError, with the place as a JSON path, for anything
 * that is not one.
 * @param where path of the file, for messages
 */
export function parseResults(text: string, where: string): ResultsFile {
  const document = parseJson(text, where);
  checkVersion(document, where);
  const { run, cells } = document;
  check(run, '$.run', runCheck(), where);
  if (!Array.isArray(cells))
    throw fault(`$.cells ${cells === undefined ? 'is missing' : 'is not an array'}`, where);
  if (cells.length > MOST_CELLS) {
    throw fault(`$.cells holds ${cells.length} cells; the limit is ${MOST_CELLS}`, where);
  }
  const seen = new Map<string, number>();
  for (let i = 0; i < cells.length; i++) {
    const cell = checkCell(cells[i], `$.cells[${i}]`, where);
    const first = seen.get(cell.id);
    if (first !== undefined) {
      throw fault(`$.cells[${i}] repeats the id of $.cells[${first}]: ${cell.id}`, where);
    }
    seen.set(cell.id, i);
  }
  return document as unknown as ResultsFile;
}

/** Reads one line of a journal as a cell. Throws UserError. */
export function parseCell(text: string, where: string): Cell {
  return checkCell(parseJson(text, where), '$', where);
}

/** Reads the first line of a journal. Throws UserError. */
export function parseJournalHeader(text: string, where: string): JournalHeader {
  const document = parseJson(text, where);
  checkVersion(document, where);
  check(document, '$', headerCheck(), where);
  return document as unknown as JournalHeader;
}

/** Compiled with the first use: 10 ms in all. */
function compiledOnce<T extends TSchema>(schema: T): () => TypeCheck<T> {
  let compiled: TypeCheck<T> | undefined;
  return () => (compiled ??= TypeCompiler.Compile(schema));
}

const runCheck = compiledOnce(RunSchema);
const cellCheck = compiledOnce(CellSchema);
const headerCheck = compiledOnce(JournalHeaderSchema);

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string, where: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch (cause) {
    const found = findJsonFault(text);
    if (found === undefined) throw cause;
    throw new UserError(
      `not valid JSON: ${found.reason}, at line ${found.line}, column ${found.column}`,
      {
        where,
        remedy: found.truncated
          ? 'the file is cut off: copy it again, or continue the run from its journal'
          : 'give a results file that interdom wrote',
        cause,
      },
    );
  }
  if (!isObject(value)) throw fault(`$ is ${shown(value)}, not an object`, where);
  // Only a text that can spell the name is worth a walk through all of it.
  if (/__proto__|\\u005[fF]/.test(text)) refusePrototypes(value, where);
  return value;
}

/** An own key `__proto__` is harmless here and a trap wherever somebody copies key by key. */
function refusePrototypes(root: JsonObject, where: string): void {
  const pending: [value: unknown, path: string][] = [[root, '$']];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [value, path] = next;
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, '__proto__')) {
      throw fault(`${path} has a field named __proto__, which no results file has`, where);
    }
    const children = Object.entries(value);
    for (const [key, child] of children) {
      if (typeof child === 'object') pending.push([child, path + step(value, key)]);
    }
  }
}

function checkVersion(document: JsonObject, where: string): void {
  const version = document['schemaVersion'];
  if (version === SCHEMA_VERSION) return;
  if (version === undefined) throw fault('$.schemaVersion is missing', where);
  if (typeof version !== 'number') throw fault(`$.schemaVersion is ${shown(version)}`, where);
  throw new OtherSchema('$.schemaVersion', version, SCHEMA_VERSION, where);
}

function checkCell(value: unknown, path: string, where: string): Cell {
  check(value, path, cellCheck(), where);
  const cell = value as Cell;
  const id = cellId(cell);
  if (cell.id !== id) {
    throw fault(
      `${path}.id is ${shown(cell.id)}, but the cell's own fields say ${shown(id)}`,
      where,
    );
  }
  for (const [name, metric] of Object.entries(cell.metrics)) {
    const { interval } = metric;
    if (interval !== undefined && interval[0] > interval[1]) {
      throw fault(`${path}.metrics.${name}.interval ends below its beginning`, where);
    }
  }
  return cell;
}

function check(value: unknown, path: string, compiled: TypeCheck<TSchema>, where: string): void {
  if (compiled.Check(value)) return;
  const error = compiled.Errors(value).First();
  if (error === undefined) throw fault(`${path} does not fit the schema`, where);
  const id = isObject(value) && typeof value['id'] === 'string' ? value['id'] : undefined;
  const place = path + jsonPath(value, error.path);
  const cell = id === undefined || path === '$.run' ? '' : ` (in ${shown(id, LONGEST_ID_SHOWN)})`;
  throw fault(`${place} ${explain(error)}${cell}`, where);
}

function explain(error: ValueError): string {
  switch (error.type) {
    case ValueErrorType.ObjectRequiredProperty:
      return 'is missing';
    case ValueErrorType.ObjectAdditionalProperties:
      return 'is not a name that may stand here';
    case ValueErrorType.StringMaxLength:
      return `is too long: ${String(error.value).length} characters`;
    case ValueErrorType.StringPattern:
      return `is ${shown(error.value)}, which is not of the form ${error.schema['pattern']}`;
    default:
      return `is ${shown(error.value)}, expected ${expected(error)}`;
  }
}

function expected(error: ValueError): string {
  const alternatives = error.schema['anyOf'] as TSchema[] | undefined;
  if (alternatives === undefined) {
    return error.message.replace(/^Expected /, '').replace(/^number$/, 'a finite number');
  }
  return alternatives
    .map((one) => ('const' in one ? JSON.stringify(one['const']) : String(one['type'])))
    .join(' or ');
}

/** The place of a JSON pointer as "$.cells[3].metrics.value" would name it, relative to `root`. */
function jsonPath(root: unknown, pointer: string): string {
  let value = root;
  let path = '';
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path += step(value, key);
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as JsonObject)[key]
        : undefined;
  }
  return path;
}

function step(parent: unknown, key: string): string {
  if (Array.isArray(parent)) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${shown(key)}]`;
}

const LONGEST_ID_SHOWN = 400;

/** A value for a message: as JSON where it can be, and short. */
function shown(value: unknown, longest = 80): string {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isObject(value)) return 'an object';
  const json =
    JSON.stringify(typeof value === 'string' ? value.slice(0, longest) : value) ?? 'nothing';
  return json.length > longest ? `${json.slice(0, longest - 3)}..."` : json;
}

function fault(what: string, where: string): UserError {
  return new UserError(what, { where, remedy: 'give a results file that interdom wrote' });
}
