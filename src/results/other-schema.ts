import { UserError } from '../base/errors.js';

/**
 * A file of another version of its format: nothing is wrong with it, but nothing can be held against it. Caught only in
 * src/cli, which turns it into the exit code for what is not comparable.
 */
export class OtherSchema extends UserError {
  /**
   * @param field that says the version, such as "$.schemaVersion"
   * @param path of the file
   */
  constructor(field: string, version: number, own: number, path: string) {
    super(`${field} is ${version}, and this interdom reads version ${own}`, {
      where: path,
      remedy:
        version > own ? 'use a newer interdom' : 'measure again, or use the interdom that wrote it',
    });
  }
}
