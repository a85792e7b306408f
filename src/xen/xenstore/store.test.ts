import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvariantViolation } from '../../base/errors.js';
import type { XenstorePermission, XenstoreResult } from './protocol.js';
import { XenstoreStore } from './store.js';

function value<T>(result: XenstoreResult<T>): T {
  assert.ok(result.ok, `expected success, got ${result.ok ? '' : result.error}`);
  return result.value;
}

function error(result: XenstoreResult<unknown>): string {
  return result.ok ? 'none' : result.error;
}

/** "n0 r5" as permissions. */
function permissions(text: string): XenstorePermission[] {
  return text.split(' ').map((entry) => ({
    access: entry[0] as XenstorePermission['access'],
    domid: Number(entry.slice(1)),
  }));
}

/** Guests 1 and 2 are introduced, each with a home of its own that the other cannot read. */
function storeWithGuests(
  quotas: ConstructorParameters<typeof XenstoreStore>[0] = {},
): XenstoreStore {
  const store = new XenstoreStore(quotas);
  for (const domid of [1, 2]) {
    store.introduce(domid);
    value(store.mkdir(0, `/local/domain/${domid}`));
    value(store.setPermissions(0, `/local/domain/${domid}`, permissions(`n${domid}`)));
  }
  return store;
}

describe('nodes', () => {
  it('start as xenstored sets them up, owned by dom0 and closed to others', () => {
    const store = new XenstoreStore();
    assert.deepEqual(value(store.directory(0, '/')), ['tool']);
    assert.deepEqual(value(store.directory(0, '/tool')), ['xenstored']);
    assert.deepEqual(value(store.getPermissions(0, '/')), permissions('n0'));
    assert.equal(store.usage(0)?.nodes, 3);
  });

  it('are written with missing parents, which are empty', () => {
    const store = new XenstoreStore();
    value(store.write(0, '/a/b/c', 'x'));
    assert.equal(value(store.read(0, '/a/b/c')), 'x');
    assert.equal(value(store.read(0, '/a/b')), '');
    assert.deepEqual(value(store.directory(0, '/a')), ['b']);
    value(store.write(0, '/a/b', 'y'));
    assert.equal(value(store.read(0, '/a/b')), 'y');
    assert.deepEqual(value(store.directory(0, '/a/b')), ['c']);
  });

  it('hold octets, and nothing wider', () => {
    const store = new XenstoreStore();
    value(store.write(0, '/a', '\0\xff'));
    assert.equal(value(store.read(0, '/a')), '\0\xff');
    assert.throws(() => store.write(0, '/a', '\u0100'), InvariantViolation);
  });

  it('are reached by paths relative to the home of the caller', () => {
    const store = storeWithGuests();
    value(store.write(1, 'data/port', '7'));
    assert.equal(value(store.read(1, '/local/domain/1/data/port')), '7');
    assert.equal(error(store.read(2, 'data/port')), 'ENOENT');
    value(store.write(0, 'name', 'Domain-0'));
    assert.equal(value(store.read(0, '/local/domain/0/name')), 'Domain-0');
  });

  it('have no bad paths: EINVAL', () => {
    const store = new XenstoreStore();
    for (const path of [
      '',
      '/a/',
      '//',
      '/a//b',
      '/a.b',
      '/a b',
      '/a\0',
      '/\xe9',
      '@introduceDomain',
    ]) {
      assert.equal(error(store.read(0, path)), 'EINVAL', path);
      assert.equal(error(store.write(0, path, '')), 'EINVAL', path);
    }
    assert.equal(error(store.write(0, '/aZ09-_@', '')), 'none');
  });

  it('may have 2048 bytes of path, and behind a home 2048 more', () => {
    const store = storeWithGuests();
    const long = 'x'.repeat(2048);
    assert.equal(error(store.read(0, `/${long.slice(1)}`)), 'ENOENT');
    assert.equal(error(store.read(0, `/${long}`)), 'EINVAL');
    assert.equal(error(store.read(1, long)), 'ENOENT');
    assert.equal(error(store.read(1, `${long}x`)), 'EINVAL');
    assert.equal(error(store.read(0, `/local/domain/123456/${long.slice(20)}`)), 'EINVAL');
  });

  it('are made by mkdir, which leaves an existing one alone', () => {
    const store = new XenstoreStore();
    value(store.write(0, '/a', 'x'));
    value(store.mkdir(0, '/a'));
    assert.equal(value(store.read(0, '/a')), 'x');
    value(store.mkdir(0, '/b/c'));
    assert.equal(value(store.read(0, '/b/c')), '');
  });

  it('are removed with all below them', () => {
    const store = new XenstoreStore();
    for (const path of ['/a/b/c', '/a/d', '/e']) value(store.write(0, path, ''));
    value(store.rm(0, '/a'));
    for (const path of ['/a', '/a/b', '/a/b/c', '/a/d']) {
      assert.equal(error(store.read(0, path)), 'ENOENT');
    }
    assert.deepEqual(value(store.directory(0, '/')), ['tool', 'e']);
  });

  it('may be missing when removed, their parent not; the root stays', () => {
    const store = new XenstoreStore();
    assert.equal(error(store.rm(0, '/missing')), 'none');
    assert.equal(error(store.rm(0, '/missing/child')), 'ENOENT');
    assert.equal(error(store.rm(0, '/')), 'EINVAL');
  });

  it('list children in order of creation', () => {
    const store = new XenstoreStore();
    for (const name of ['c', 'a', 'b']) value(store.write(0, `/x/${name}`, ''));
    value(store.rm(0, '/x/a'));
    value(store.mkdir(0, '/x/a'));
    assert.deepEqual(value(store.directory(0, '/x')), ['c', 'b', 'a']);
  });

  it('with more children than fit in a message are listed in parts', () => {
    const store = new XenstoreStore();
    const names = Array.from({ length: 1000 }, (_, index) => `child-${index}`);
    for (const name of names) value(store.mkdir(0, `/x/${name}`));
    assert.equal(error(store.directory(0, '/x')), 'E2BIG');
    let list = '';
    let parts = 0;
    for (;;) {
      const part = value(store.directoryPart(0, '/x', list.length));
      assert.ok(`${part.generation}`.length + 1 + part.names.length + 1 <= 4096);
      list += part.names;
      parts++;
      if (part.complete) break;
      assert.ok(part.names.length > 4000);
    }
    assert.equal(parts, 3);
    assert.deepEqual(list.split('\0'), [...names, '']);
    assert.equal(value(store.directoryPart(0, '/x', list.length)).names, '');
    const before = value(store.directoryPart(0, '/x', 0)).generation;
    value(store.rm(0, '/x/child-5'));
    assert.notEqual(value(store.directoryPart(0, '/x', 0)).generation, before);
  });

  it('with a value larger than a message cannot be read: E2BIG', () => {
    const store = new XenstoreStore();
    value(store.write(0, '/x', 'v'.repeat(4097)));
    assert.equal(error(store.read(0, '/x')), 'E2BIG');
  });
});

describe('permissions', () => {
  const access: readonly (readonly [string, string, string])[] = [
    ['n', 'EACCES', 'EACCES'],
    ['r', 'none', 'EACCES'],
    ['w', 'EACCES', 'none'],
    ['b', 'none', 'none'],
  ];
  for (const [letter, read, write] of access) {
    it(`${letter}: reading gives ${read}, writing ${write}`, () => {
      const store = storeWithGuests();
      value(store.write(0, '/x', ''));
      value(store.setPermissions(0, '/x', permissions(`n0 ${letter}1`)));
      assert.equal(error(store.read(1, '/x')), read);
      assert.equal(error(store.directory(1, '/x')), read);
      assert.equal(error(store.getPermissions(1, '/x')), read);
      assert.equal(error(store.write(1, '/x', 'y')), write);
      assert.equal(error(store.mkdir(1, '/x')), write);
      assert.equal(error(store.mkdir(1, '/x/child')), write);
      assert.equal(error(store.read(2, '/x')), 'EACCES');
      // The owner entry's access is everybody's who is not named.
      value(store.setPermissions(0, '/x', permissions(`${letter}0 n2`)));
      assert.equal(error(store.read(1, '/x')), read);
      assert.equal(error(store.read(2, '/x')), 'EACCES');
      assert.equal(error(store.rm(1, '/x')), write);
    });
  }

  it('of the first entry that names the domain count', () => {
    const store = storeWithGuests();
    value(store.write(0, '/x', ''));
    value(store.setPermissions(0, '/x', permissions('n0 r1 b1')));
    assert.equal(error(store.write(1, '/x', '')), 'EACCES');
  });

  it('hide from strangers whether a node exists', () => {
    const store = storeWithGuests();
    value(store.write(2, 'secret', ''));
    assert.equal(error(store.read(1, '/local/domain/2/secret')), 'EACCES');
    assert.equal(error(store.read(1, '/local/domain/2/nothing')), 'EACCES');
    assert.equal(error(store.rm(1, '/local/domain/2/nothing')), 'EACCES');
    value(store.setPermissions(2, '/local/domain/2', permissions('r2')));
    assert.equal(error(store.read(1, '/local/domain/2/nothing')), 'ENOENT');
    assert.equal(error(store.read(1, '/local/domain/2/secret')), 'EACCES');
    assert.equal(error(store.mkdir(1, '/local/domain/2/nothing')), 'EACCES');
  });

  it('reach a node whose parents are closed', () => {
    const store = storeWithGuests();
    value(store.write(2, 'offer/ref', '8'));
    value(store.setPermissions(2, 'offer/ref', permissions('n2 r1')));
    assert.equal(value(store.read(1, '/local/domain/2/offer/ref')), '8');
    assert.equal(error(store.read(1, '/local/domain/2/offer')), 'EACCES');
  });

  it('are inherited, and a guest owns what it creates', () => {
    const store = storeWithGuests();
    value(store.write(0, '/x', ''));
    value(store.setPermissions(0, '/x', permissions('n2 b1')));
    value(store.write(1, '/x/a/b', ''));
    assert.deepEqual(value(store.getPermissions(0, '/x/a/b')), permissions('n1 b1'));
    value(store.write(0, '/x/c', ''));
    assert.deepEqual(value(store.getPermissions(0, '/x/c')), permissions('n2 b1'));
    assert.equal(store.usage(1)?.nodes, 3);
    assert.equal(store.usage(2)?.nodes, 3);
  });

  it('let the owner of a node remove what others made below', () => {
    const store = storeWithGuests();
    value(store.mkdir(1, 'box'));
    value(store.setPermissions(1, 'box', permissions('n1 b2')));
    value(store.write(2, '/local/domain/1/box/note', ''));
    value(store.setPermissions(2, '/local/domain/1/box/note', permissions('n2')));
    assert.equal(error(store.read(1, 'box/note')), 'EACCES');
    value(store.rm(1, 'box'));
    assert.equal(error(store.read(0, '/local/domain/1/box/note')), 'ENOENT');
    assert.equal(store.usage(2)?.nodes, 1);
  });

  it('are changed by the owner; the owner only by dom0', () => {
    const store = storeWithGuests();
    value(store.write(1, 'x', ''));
    value(store.setPermissions(1, 'x', permissions('n1 b2')));
    assert.equal(error(store.setPermissions(2, '/local/domain/1/x', permissions('n2'))), 'EACCES');
    assert.equal(error(store.setPermissions(1, 'x', permissions('n2'))), 'EPERM');
    value(store.setPermissions(0, '/local/domain/1/x', permissions('n2')));
    assert.equal(error(store.read(1, 'x')), 'EACCES');
    assert.equal(store.usage(1)?.nodes, 1);
    assert.equal(store.usage(2)?.nodes, 2);
    const moved = '/local/domain/1/x'.length + 24 + 8;
    const [one, two] = [store.usage(1), store.usage(2)];
    assert.equal((two?.memoryBytes ?? 0) - (one?.memoryBytes ?? 0), moved - 'x\0'.length);
  });

  it('fail for no entries, too many, a new owner or a node that does not exist', () => {
    const store = storeWithGuests();
    value(store.write(1, 'x', ''));
    assert.equal(error(store.setPermissions(1, 'x', [])), 'EINVAL');
    assert.equal(error(store.setPermissions(1, 'x', permissions('n1 r2 r2 r2 r2 r2'))), 'ENOSPC');
    assert.equal(error(store.setPermissions(1, 'x', permissions('n1 r2 r2 r2 r2'))), 'none');
    assert.equal(error(store.setPermissions(0, '/tool', permissions('n0 r2 r2 r2 r2 r2'))), 'none');
    assert.equal(error(store.setPermissions(0, '/tool', permissions('n9'))), 'ENOENT');
    assert.equal(error(store.setPermissions(1, 'y', permissions('n1'))), 'ENOENT');
  });

  it('for a domain the hypervisor has are taken before INTRODUCE', () => {
    const store = new XenstoreStore({}, (domid) => domid === 5);
    value(store.write(0, '/local/domain/5', ''));
    value(store.setPermissions(0, '/local/domain/5', permissions('n5')));
    value(store.write(0, '/x', ''));
    value(store.setPermissions(0, '/x', permissions('n0 r5')));
    assert.equal(error(store.read(5, 'a')), 'ENOTCONN');
    store.introduce(5);
    assert.equal(error(store.write(5, 'a', '')), 'none');
    assert.equal(error(store.read(5, '/x')), 'none');
  });

  it('given before a domain existed, or to an earlier one of its domid, are worth nothing', () => {
    const store = storeWithGuests();
    for (const path of ['/x', '/y', '/z']) value(store.write(0, path, ''));
    value(store.setPermissions(0, '/x', permissions('n0 b9')));
    store.introduce(9);
    assert.equal(error(store.read(9, '/x')), 'EACCES');
    value(store.setPermissions(0, '/y', permissions('n0 b9')));
    value(store.setPermissions(0, '/z', permissions('n0 b9')));
    assert.equal(error(store.read(9, '/y')), 'none');
    value(store.release(9));
    value(store.write(0, '/z', 'rewritten while there is no domain 9'));
    store.introduce(9);
    assert.equal(error(store.read(9, '/y')), 'EACCES');
    assert.equal(error(store.read(9, '/z')), 'EACCES');
    value(store.write(0, '/z', 'rewritten while there is another'));
    assert.equal(error(store.read(9, '/z')), 'EACCES');
    assert.deepEqual(value(store.getPermissions(0, '/z')), permissions('n0 b9'));
  });
});

describe('transactions', () => {
  it('see their own changes, others see them after the commit', () => {
    const store = storeWithGuests();
    const id = value(store.transactionStart(1));
    value(store.write(1, 'a/b', 'x', id));
    assert.equal(value(store.read(1, 'a/b', id)), 'x');
    assert.equal(error(store.read(1, 'a/b')), 'ENOENT');
    value(store.transactionEnd(1, id, true));
    assert.equal(value(store.read(1, 'a/b')), 'x');
    assert.equal(store.usage(1)?.nodes, 3);
    assert.equal(store.usage(1)?.transactions, 0);
  });

  it('that are aborted leave nothing', () => {
    const store = storeWithGuests();
    value(store.write(1, 'a', 'old'));
    const before = store.usage(1);
    const id = value(store.transactionStart(1));
    value(store.write(1, 'a', 'new', id));
    value(store.write(1, 'b', '', id));
    value(store.rm(1, 'a', id));
    value(store.transactionEnd(1, id, false));
    assert.equal(value(store.read(1, 'a')), 'old');
    assert.deepEqual(store.usage(1), before);
  });

  it('keep seeing what they saw first, and then fail', () => {
    const store = storeWithGuests();
    value(store.write(1, 'a', 'old'));
    const id = value(store.transactionStart(1));
    assert.equal(value(store.read(1, 'a', id)), 'old');
    value(store.write(1, 'a', 'new'));
    assert.equal(value(store.read(1, 'a', id)), 'old');
    assert.equal(error(store.transactionEnd(1, id, true)), 'EAGAIN');
    assert.equal(store.counters.conflicts, 1);
  });

  const conflicts: readonly (readonly [string, (s: XenstoreStore) => unknown, string])[] = [
    ['another value', (s) => s.write(0, '/x/a', 'other'), 'EAGAIN'],
    ['the same value written again', (s) => s.write(0, '/x/a', 'v'), 'EAGAIN'],
    ['its removal', (s) => s.rm(0, '/x/a'), 'EAGAIN'],
    ['its removal and return', (s) => [s.rm(0, '/x/a'), s.write(0, '/x/a', 'v')], 'EAGAIN'],
    ['its parent going', (s) => s.rm(0, '/x'), 'EAGAIN'],
    ['new permissions', (s) => s.setPermissions(0, '/x/a', permissions('n0')), 'EAGAIN'],
    ['a child', (s) => s.mkdir(0, '/x/a/c'), 'EAGAIN'],
    ['a change elsewhere', (s) => s.write(0, '/x/b', 'other'), 'none'],
    ['a reader', (s) => s.read(0, '/x/a'), 'none'],
  ];
  for (const [what, interfere, expected] of conflicts) {
    it(`that read a node, and met ${what}: ${expected}`, () => {
      const store = new XenstoreStore();
      value(store.write(0, '/x/a', 'v'));
      const id = value(store.transactionStart(0));
      value(store.read(0, '/x/a', id));
      value(store.write(0, '/y', '', id));
      interfere(store);
      assert.equal(error(store.transactionEnd(0, id, true)), expected);
      assert.equal(error(store.read(0, '/y')), expected === 'none' ? 'none' : 'ENOENT');
    });
  }

  it('conflict over a node that both create, and over one found missing', () => {
    const store = new XenstoreStore();
    const creator = value(store.transactionStart(0));
    value(store.write(0, '/a', '1', creator));
    const reader = value(store.transactionStart(0));
    assert.equal(error(store.read(0, '/a', reader)), 'ENOENT');
    value(store.write(0, '/a', '2'));
    assert.equal(error(store.transactionEnd(0, creator, true)), 'EAGAIN');
    assert.equal(error(store.transactionEnd(0, reader, true)), 'EAGAIN');
  });

  it('depend on the parents that an error was judged by', () => {
    const store = storeWithGuests();
    const id = value(store.transactionStart(1));
    assert.equal(error(store.read(1, '/local/domain/2', id)), 'EACCES');
    value(store.mkdir(0, '/local/domain/3'));
    assert.equal(error(store.transactionEnd(1, id, true)), 'EAGAIN');
  });

  it('that create a node and remove it again commit without a trace', () => {
    const store = new XenstoreStore();
    value(store.watch(0, '/', 'w'));
    store.takeWatchEvents(0);
    const id = value(store.transactionStart(0));
    value(store.write(0, '/a/b', '', id));
    value(store.rm(0, '/a', id));
    value(store.transactionEnd(0, id, true));
    assert.deepEqual(store.takeWatchEvents(0), []);
    assert.equal(store.usage(0)?.nodes, 3);
  });

  it('have ids of their own a domain; others cannot use them', () => {
    const store = storeWithGuests();
    assert.equal(value(store.transactionStart(1)), 1);
    assert.equal(value(store.transactionStart(1)), 2);
    assert.equal(value(store.transactionStart(2)), 1);
    assert.equal(error(store.read(2, 'a', 2)), 'ENOENT');
    assert.equal(error(store.transactionEnd(2, 2, true)), 'ENOENT');
    assert.equal(error(store.transactionEnd(2, 0, true)), 'ENOENT');
    value(store.transactionEnd(1, 1, true));
    assert.equal(error(store.write(1, 'a', '', 1)), 'ENOENT');
  });

  it('do not nest: EBUSY', () => {
    const store = storeWithGuests();
    const id = value(store.transactionStart(1));
    assert.equal(error(store.transactionStart(1, id)), 'EBUSY');
  });

  it('fail with ENOMEM if an owner they give a node to died', () => {
    const store = storeWithGuests();
    value(store.write(0, '/x', ''));
    const id = value(store.transactionStart(0));
    value(store.setPermissions(0, '/x', permissions('n1'), id));
    value(store.release(1));
    assert.equal(error(store.transactionEnd(0, id, true)), 'ENOMEM');
  });

  it('move ownership at the commit', () => {
    const store = storeWithGuests();
    value(store.write(0, '/x', ''));
    const id = value(store.transactionStart(0));
    value(store.setPermissions(0, '/x', permissions('n1'), id));
    assert.equal(store.usage(1)?.nodes, 1);
    value(store.transactionEnd(0, id, true));
    assert.equal(store.usage(1)?.nodes, 2);
    assert.equal(error(store.write(1, '/x', '')), 'none');
  });
});

describe('watches', () => {
  it('fire once when set, for paths that do not exist as well', () => {
    const store = storeWithGuests();
    value(store.watch(1, 'nothing/here', 'token'));
    assert.deepEqual(store.takeWatchEvents(1), [{ path: 'nothing/here', token: 'token' }]);
    assert.deepEqual(store.takeWatchEvents(1), []);
  });

  it('fire for the path and all below, relative if set so', () => {
    const store = storeWithGuests();
    value(store.watch(1, 'a', 'relative'));
    value(store.watch(1, '/local/domain/1/a', 'absolute'));
    store.takeWatchEvents(1);
    for (const path of ['a', 'a/b/c', 'ab', 'c']) value(store.write(1, path, ''));
    assert.deepEqual(store.takeWatchEvents(1), [
      { path: 'a', token: 'relative' },
      { path: '/local/domain/1/a', token: 'absolute' },
      { path: 'a/b/c', token: 'relative' },
      { path: '/local/domain/1/a/b/c', token: 'absolute' },
    ]);
    value(store.mkdir(1, 'a/b'));
    assert.deepEqual(store.takeWatchEvents(1), []);
  });

  it('of one domain fire in the order in which they were set', () => {
    const store = new XenstoreStore();
    for (const path of ['/a', '/a/b', '/', '/a/b/c']) value(store.watch(0, path, path));
    store.takeWatchEvents(0);
    value(store.write(0, '/a/b/c', ''));
    const tokens = store.takeWatchEvents(0).map((event) => event.token);
    assert.deepEqual(tokens, ['/a', '/a/b', '/', '/a/b/c']);
  });

  it('hear of a removal: each its own node, those at or above the root of it the root', () => {
    const store = new XenstoreStore();
    for (const path of ['/a/b/c', '/a/b/d', '/a/e']) value(store.write(0, path, ''));
    for (const path of ['/', '/a/b', '/a/b/d', '/a/b/x']) value(store.watch(0, path, path));
    store.takeWatchEvents(0);
    value(store.rm(0, '/a'));
    assert.deepEqual(store.takeWatchEvents(0), [
      { path: '/a/b/d', token: '/a/b/d' },
      { path: '/a/b', token: '/a/b' },
      { path: '/a', token: '/' },
    ]);
  });

  it('are one for each path and token: EEXIST; ENOENT when they are not set', () => {
    const store = storeWithGuests();
    value(store.watch(1, 'a', 't'));
    assert.equal(error(store.watch(1, '/local/domain/1/a', 't')), 'EEXIST');
    assert.equal(error(store.watch(1, 'a', 'u')), 'none');
    assert.equal(error(store.watch(2, '/local/domain/1/a', 't')), 'none');
    assert.equal(error(store.unwatch(1, 'b', 't')), 'ENOENT');
    value(store.unwatch(1, 'a', 't'));
    assert.equal(error(store.unwatch(1, 'a', 't')), 'ENOENT');
    store.takeWatchEvents(1);
    value(store.write(1, 'a', ''));
    assert.deepEqual(store.takeWatchEvents(1), [{ path: 'a', token: 'u' }]);
  });

  it('take no bad paths: EINVAL', () => {
    const store = storeWithGuests();
    for (const path of ['', '/a/', 'a//b', 'a.b', `@${'x'.repeat(2048)}`]) {
      assert.equal(error(store.watch(1, path, 't')), 'EINVAL', path);
    }
    assert.equal(error(store.watch(1, '@unknown', 't')), 'none');
  });

  it('merge an event with an equal one that still waits', () => {
    const store = storeWithGuests();
    value(store.watch(1, 'a', 't'));
    value(store.write(1, 'a', '1'));
    value(store.write(1, 'b', '1'));
    value(store.write(1, 'a', '2'));
    assert.equal(store.counters.eventsMerged, 2);
    assert.deepEqual(store.takeWatchEvents(1), [{ path: 'a', token: 't' }]);
    value(store.write(1, 'a', '3'));
    assert.deepEqual(store.takeWatchEvents(1), [{ path: 'a', token: 't' }]);
  });

  it('deliver events that waited when the watch was removed', () => {
    const store = storeWithGuests();
    value(store.watch(1, 'a', 't'));
    value(store.unwatch(1, 'a', 't'));
    assert.deepEqual(store.takeWatchEvents(1), [{ path: 'a', token: 't' }]);
  });

  it('hear only of nodes that their domain may read, or whose parent it may', () => {
    const store = storeWithGuests();
    value(store.watch(2, '/local/domain/1', 't'));
    store.takeWatchEvents(2);
    value(store.write(1, 'a', ''));
    assert.deepEqual(store.takeWatchEvents(2), []);
    value(store.setPermissions(1, 'a', permissions('n1 r2')));
    assert.deepEqual(store.takeWatchEvents(2), [{ path: '/local/domain/1/a', token: 't' }]);
    value(store.write(1, 'a/b', ''));
    value(store.setPermissions(1, 'a/b', permissions('n1')));
    store.takeWatchEvents(2);
    value(store.write(1, 'a/b', 'x'));
    assert.deepEqual(store.takeWatchEvents(2), [{ path: '/local/domain/1/a/b', token: 't' }]);
  });

  it('hear of the change that takes the right to read away, then no more', () => {
    const store = storeWithGuests();
    value(store.write(1, 'a', ''));
    value(store.setPermissions(1, 'a', permissions('n1 r2')));
    value(store.watch(2, '/local/domain/1/a', 't'));
    store.takeWatchEvents(2);
    value(store.setPermissions(1, 'a', permissions('n1')));
    assert.equal(store.takeWatchEvents(2).length, 1);
    value(store.write(1, 'a', 'x'));
    assert.equal(store.takeWatchEvents(2).length, 0);
  });

  it('hear of a transaction when it commits, once a node', () => {
    const store = storeWithGuests();
    value(store.write(1, 'gone/child', ''));
    for (const path of ['a', 'gone', 'gone/child', 'gone/other']) value(store.watch(1, path, 't'));
    store.takeWatchEvents(1);
    const id = value(store.transactionStart(1));
    value(store.write(1, 'a', '1', id));
    value(store.write(1, 'a/b', '1', id));
    value(store.write(1, 'a', '2', id));
    value(store.rm(1, 'gone', id));
    assert.deepEqual(store.takeWatchEvents(1), []);
    value(store.transactionEnd(1, id, true));
    assert.deepEqual(
      store.takeWatchEvents(1).map((event) => event.path),
      ['a', 'a/b', 'gone', 'gone/child'],
    );
  });

  it('are dropped, with transactions, by resetWatches', () => {
    const store = storeWithGuests();
    value(store.watch(1, 'a', 't'));
    value(store.transactionStart(1));
    value(store.resetWatches(1));
    assert.equal(store.usage(1)?.watches, 0);
    assert.equal(store.usage(1)?.transactions, 0);
    value(store.write(1, 'a', ''));
    assert.deepEqual(store.takeWatchEvents(1), [{ path: 'a', token: 't' }], 'the first event');
  });

  it('are taken piece by piece, and say which domains have events', () => {
    const store = storeWithGuests();
    value(store.watch(2, 'a', '1'));
    value(store.watch(2, 'a', '2'));
    value(store.watch(1, 'a', '1'));
    assert.deepEqual(store.domainsWithEvents(), [1, 2]);
    assert.deepEqual(store.takeWatchEvents(2, 1), [{ path: 'a', token: '1' }]);
    assert.deepEqual(store.domainsWithEvents(), [1, 2]);
    assert.deepEqual(store.takeWatchEvents(2, 1), [{ path: 'a', token: '2' }]);
    assert.deepEqual(store.domainsWithEvents(), [1]);
  });
});

describe('domains', () => {
  it('fire @introduceDomain and @releaseDomain, each time, for dom0', () => {
    const store = storeWithGuests();
    value(store.watch(0, '@introduceDomain', 'in'));
    value(store.watch(0, '@releaseDomain', 'out'));
    value(store.watch(1, '@releaseDomain', 'not for guests'));
    for (const domid of [0, 1]) store.takeWatchEvents(domid);
    store.introduce(3);
    store.introduce(4);
    store.introduce(4);
    value(store.release(3));
    assert.deepEqual(
      store.takeWatchEvents(0).map((event) => event.path),
      ['@introduceDomain', '@introduceDomain', '@releaseDomain'],
    );
    assert.deepEqual(store.takeWatchEvents(1), []);
  });

  it('other than dom0 hear of them if dom0 admits them', () => {
    const store = storeWithGuests();
    const allow = permissions('n0 r1');
    assert.equal(error(store.setPermissions(1, '@releaseDomain', permissions('r0'))), 'EACCES');
    assert.equal(error(store.setPermissions(0, '@unknown', allow)), 'EINVAL');
    value(store.setPermissions(0, '@releaseDomain', allow));
    value(store.watch(1, '@releaseDomain', 't'));
    store.takeWatchEvents(1);
    store.introduce(3);
    value(store.release(3));
    assert.deepEqual(store.takeWatchEvents(1), [{ path: '@releaseDomain', token: 't' }]);
    value(store.release(1));
    store.introduce(1);
    value(store.watch(1, '@releaseDomain', 't'));
    store.takeWatchEvents(1);
    value(store.release(2));
    assert.deepEqual(store.takeWatchEvents(1), [], 'the right was of an earlier domain 1');
  });

  it('that shut down are announced once, and again after a resume', () => {
    const store = storeWithGuests();
    value(store.watch(0, '@releaseDomain', 't'));
    store.takeWatchEvents(0);
    const count = () => store.takeWatchEvents(0).length;
    store.noticeShutdown(1);
    store.noticeShutdown(1);
    assert.equal(count(), 1);
    store.resume(1);
    store.noticeShutdown(1);
    assert.equal(count(), 1);
    value(store.release(1));
    assert.equal(count(), 1);
  });

  it('that die lose watches, transactions, events and nodes, with all below these', () => {
    const store = storeWithGuests();
    value(store.mkdir(1, 'box'));
    value(store.setPermissions(1, 'box', permissions('b1')));
    value(store.write(2, '/local/domain/1/box/of-two', ''));
    value(store.write(0, '/b/mixed/of-one', ''));
    value(store.write(0, '/a/of-one', ''));
    value(store.setPermissions(0, '/a/of-one', permissions('n1')));
    value(store.setPermissions(0, '/b/mixed/of-one', permissions('n1')));
    value(store.watch(1, 'box', 't'));
    value(store.transactionStart(1));
    value(store.watch(0, '/', 't'));
    store.takeWatchEvents(0);
    value(store.release(1));
    assert.deepEqual(
      store.takeWatchEvents(0).map((event) => event.path),
      ['/local/domain/1', '/b/mixed/of-one', '/a/of-one'],
      'in the order of the tree',
    );
    assert.deepEqual(value(store.directory(0, '/local/domain')), ['2']);
    assert.deepEqual(value(store.directory(0, '/b/mixed')), []);
    assert.equal(store.usage(1), undefined);
    assert.equal(store.usage(2)?.nodes, 1);
    assert.deepEqual(store.takeWatchEvents(1), []);
    assert.deepEqual(store.domainsWithEvents(), []);
    assert.equal(error(store.read(1, 'box')), 'ENOTCONN');
  });

  it('that were never introduced lose their nodes without @releaseDomain', () => {
    const store = new XenstoreStore({}, () => true);
    value(store.write(0, '/x', ''));
    value(store.setPermissions(0, '/x', permissions('n7')));
    value(store.watch(0, '@releaseDomain', 't'));
    store.takeWatchEvents(0);
    value(store.release(7));
    assert.equal(error(store.read(0, '/x')), 'ENOENT');
    assert.deepEqual(store.takeWatchEvents(0), []);
  });

  it('that own the root leave it to dom0', () => {
    const store = storeWithGuests();
    value(store.setPermissions(0, '/', permissions('r1')));
    value(store.release(1));
    assert.deepEqual(value(store.getPermissions(0, '/')), permissions('n0'));
    assert.deepEqual(value(store.directory(0, '/')), ['tool', 'local']);
  });

  it('cannot be released unless known, dom0 never', () => {
    const store = new XenstoreStore();
    assert.equal(error(store.release(0)), 'EINVAL');
    assert.equal(error(store.release(7)), 'ENOENT');
  });

  it('that are introduced again start with a clean connection and keep their nodes', () => {
    const store = storeWithGuests();
    value(store.write(1, 'a', 'x'));
    value(store.watch(1, 'a', 't'));
    const id = value(store.transactionStart(1));
    store.introduce(1);
    assert.deepEqual(store.takeWatchEvents(1), []);
    assert.equal(error(store.transactionEnd(1, id, true)), 'ENOENT');
    assert.equal(error(store.unwatch(1, 'a', 't')), 'ENOENT');
    assert.equal(value(store.read(1, 'a')), 'x');
  });

  it('without a connection, or ignored for breaking the protocol, get no answer', () => {
    const store = storeWithGuests();
    assert.equal(error(store.read(9, 'a')), 'ENOTCONN');
    value(store.watch(1, 'a', 't'));
    value(store.write(1, 'a', 'x'));
    store.ignore(1);
    assert.equal(error(store.read(1, 'a')), 'ENOTCONN');
    assert.deepEqual(store.takeWatchEvents(1), []);
    assert.equal(store.isIntroduced(1), true);
    assert.equal(value(store.read(0, '/local/domain/1/a')), 'x');
  });
});

describe('quotas', () => {
  it('of nodes: the last one that fits is written, the next not, in part neither', () => {
    const store = storeWithGuests({ nodesPerDomain: 4 });
    value(store.write(1, 'a/b', ''));
    assert.equal(error(store.write(1, 'c/d', '')), 'ENOSPC');
    assert.equal(error(store.read(1, 'c')), 'ENOENT');
    assert.equal(error(store.read(1, 'c/d')), 'ENOENT');
    value(store.write(1, 'c', ''));
    assert.equal(error(store.mkdir(1, 'e')), 'ENOSPC');
    value(store.write(1, 'c', 'changed'));
    value(store.rm(1, 'a/b'));
    value(store.write(1, 'e', ''));
    assert.equal(store.usage(1)?.nodes, 4);
    value(store.write(0, '/local/domain/1/by-dom0', ''));
    assert.equal(store.usage(1)?.nodes, 5);
  });

  it('of nodes in a transaction: the commit fails already on reaching it', () => {
    const store = storeWithGuests({ nodesPerDomain: 4 });
    const fill = (names: readonly string[]): string => {
      const id = value(store.transactionStart(1));
      for (const name of names) value(store.write(1, name, '', id));
      return error(store.transactionEnd(1, id, true));
    };
    assert.equal(fill(['a', 'b', 'c']), 'ENOSPC');
    assert.equal(error(store.read(1, 'a')), 'ENOENT');
    assert.equal(fill(['a', 'b']), 'none');
    assert.equal(fill(['a']), 'none', 'nothing new');
  });

  it('of entry size: header, permissions, value and the names of children', () => {
    const store = storeWithGuests();
    assert.equal(error(store.write(1, 'a', 'x'.repeat(2015))), 'none');
    assert.equal(error(store.write(1, 'a', 'x'.repeat(2016))), 'ENOSPC');
    assert.equal(value(store.read(1, 'a')).length, 2015);
    assert.equal(error(store.setPermissions(1, 'a', permissions('n1 r2'))), 'ENOSPC');
    assert.equal(error(store.write(1, 'b', 'x'.repeat(2016))), 'ENOSPC');
    assert.equal(error(store.read(1, 'b')), 'ENOENT');
    assert.equal(error(store.write(0, '/local/domain/1/a', 'x'.repeat(2016))), 'none');
    value(store.mkdir(1, 'dir'));
    assert.equal(error(store.mkdir(1, `dir/${'n'.repeat(2010)}`)), 'none');
    assert.equal(error(store.mkdir(1, 'dir/12345')), 'ENOSPC');
    assert.equal(error(store.mkdir(1, 'dir/123')), 'none');
    assert.equal(store.usage(1)?.nodes, 5);
  });

  it('of entry size spoil a transaction: ENOMEM at the commit', () => {
    const store = storeWithGuests();
    const id = value(store.transactionStart(1));
    assert.equal(error(store.write(1, 'a', 'x'.repeat(2016), id)), 'ENOSPC');
    assert.equal(error(store.transactionEnd(1, id, true)), 'ENOMEM');
  });

  it('of watches: E2BIG after one more than the quota', () => {
    const store = storeWithGuests({ watchesPerDomain: 2 });
    for (const token of ['1', '2', '3']) value(store.watch(1, 'a', token));
    assert.equal(error(store.watch(1, 'a', '4')), 'E2BIG');
    value(store.unwatch(1, 'a', '2'));
    assert.equal(error(store.watch(1, 'a', '4')), 'none');
    for (const token of ['1', '2', '3', '4']) value(store.watch(0, '/a', token));
  });

  it('of transactions: ENOSPC after one more than the quota', () => {
    const store = storeWithGuests();
    for (let open = 0; open < 11; open++) value(store.transactionStart(1));
    assert.equal(error(store.transactionStart(1)), 'ENOSPC');
    value(store.transactionEnd(1, 5, false));
    assert.equal(value(store.transactionStart(1)), 12);
    for (let open = 0; open < 20; open++) value(store.transactionStart(0));
  });

  it('of nodes touched in a transaction, reads included: ENOSPC, then ENOMEM', () => {
    const store = storeWithGuests({ nodesPerTransaction: 3 });
    const id = value(store.transactionStart(1));
    assert.equal(error(store.read(1, 'a', id)), 'ENOENT');
    assert.equal(error(store.read(1, 'b', id)), 'ENOENT');
    assert.equal(error(store.read(1, 'c', id)), 'ENOSPC');
    assert.equal(error(store.read(1, 'a', id)), 'ENOENT');
    assert.equal(error(store.transactionEnd(1, id, true)), 'ENOMEM');
  });

  it('of nodes touched, met in the middle of a removal: EIO, and nothing is removed', () => {
    const store = storeWithGuests({ nodesPerTransaction: 4 });
    for (const path of ['x/a', 'x/b', 'x/c']) value(store.write(1, path, ''));
    const id = value(store.transactionStart(1));
    assert.equal(error(store.rm(1, 'x', id)), 'EIO');
    assert.equal(error(store.transactionEnd(1, id, true)), 'ENOMEM');
    assert.deepEqual(value(store.directory(1, 'x')), ['a', 'b', 'c']);
  });

  it('of memory: EIO for nodes, ENOMEM for watches, and events are lost', () => {
    const store = storeWithGuests({ memoryPerDomainBytes: 1000 });
    value(store.watch(1, 'a', 't'));
    store.takeWatchEvents(1);
    const used = store.usage(1)?.memoryBytes ?? 0;
    const record = '/local/domain/1/a'.length + 24 + 8;
    const homeGrows = 'a'.length + 1;
    value(store.write(1, 'a', 'x'.repeat(999 - used - record - homeGrows)));
    assert.equal(store.usage(1)?.memoryBytes, 999);
    assert.equal(store.counters.eventsDropped, 1);
    assert.deepEqual(store.takeWatchEvents(1), []);
    assert.equal(error(store.watch(1, 'b', 't')), 'ENOMEM');
    assert.equal(error(store.mkdir(1, 'b')), 'EIO');
    assert.equal(store.acceptsRequests(1, 0), true);
    value(store.rm(1, 'a'));
    assert.equal(store.takeWatchEvents(1).length, 1);
    assert.equal(store.usage(1)?.memoryBytes, used);
  });

  it('of memory stop xenstored from reading the ring, as do those of outstanding requests', () => {
    const store = storeWithGuests({ memoryPerDomainBytes: 400 });
    assert.equal(store.acceptsRequests(1, 19), true);
    assert.equal(store.acceptsRequests(1, 20), false);
    assert.equal(store.acceptsRequests(0, 1000), true);
    assert.equal(store.acceptsRequests(9, 0), false);
    const id = value(store.transactionStart(1));
    // The private copies of read nodes are charged without a check.
    value(store.write(0, '/local/domain/1', 'x'.repeat(300)));
    value(store.read(1, '/local/domain/1', id));
    assert.equal(store.acceptsRequests(1, 0), false);
    value(store.transactionEnd(1, id, false));
    assert.equal(store.acceptsRequests(1, 0), true);
  });

  it('drop events longer than a message', () => {
    const store = storeWithGuests();
    value(store.watch(1, 'a', 't'.repeat(4094)));
    assert.deepEqual(store.takeWatchEvents(1), []);
    assert.equal(store.counters.eventsDropped, 1);
  });
});

describe('counters', () => {
  it('count requests by kind, failed ones too', () => {
    const store = storeWithGuests();
    const before = store.counters;
    store.read(1, 'missing');
    store.read(0, '/');
    store.write(1, 'a', '');
    const id = value(store.transactionStart(1));
    store.transactionEnd(1, id, true);
    const after = store.counters;
    assert.equal(after.read - before.read, 2);
    assert.equal(after.write - before.write, 1);
    assert.equal(after.transactionStart - before.transactionStart, 1);
    assert.equal(after.transactionEnd - before.transactionEnd, 1);
    assert.equal(after.errors - before.errors, 1);
    assert.equal(after.introduce, 2);
  });
});

describe('ten thousand domains', () => {
  it('come, watch their homes, hear only of these, and go', () => {
    const store = new XenstoreStore();
    const count = 10_000;
    for (let domid = 1; domid <= count; domid++) {
      store.introduce(domid);
      const home = `/local/domain/${domid}`;
      store.mkdir(0, home);
      store.setPermissions(0, home, [{ domid, access: 'n' }]);
      value(store.watch(domid, 'data', 't'));
    }
    for (let domid = 1; domid <= count; domid++) store.takeWatchEvents(domid);
    value(store.write(5000, 'data/x', ''));
    assert.deepEqual(store.domainsWithEvents(), [5000]);
    for (let domid = 1; domid <= count; domid++) value(store.release(domid));
    assert.deepEqual(value(store.directory(0, '/local/domain')), []);
    assert.equal(store.usage(0)?.nodes, 5);
  });
});
