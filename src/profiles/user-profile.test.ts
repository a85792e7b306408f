import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../base/errors.js';
import { findProfile } from './index.js';
import type { Profile } from './profile.js';
import { profileRecord } from './record.js';
import { parseProfile } from './user-profile.js';

const skylake = findProfile('skylake-2017') as Profile;
const like = { name: 'mine', like: 'skylake-2017' };

function parse(document: unknown): Profile {
  return parseProfile(JSON.stringify(document), 'mine.json');
}

function faultOf(text: string): { message: string; where?: string; remedy?: string } {
  try {
    parseProfile(text, 'mine.json');
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error as { message: string; where?: string; remedy?: string };
  }
  return assert.fail('accepted');
}

function complete(): Record<string, unknown> {
  return JSON.parse(JSON.stringify({ ...profileRecord(skylake), name: 'mine' }));
}

describe('a profile like another one', () => {
  it('is that one under another name, where nothing else is said', () => {
    const profile = parse(like);
    assert.deepEqual(profile.prices, skylake.prices);
    assert.deepEqual(profile.features, skylake.features);
    assert.equal(profile.clockHz, skylake.clockHz);
    assert.equal(profile.name, 'mine');
    assert.equal(profile.description, 'like skylake-2017, but ...');
  });

  it('takes a value, with a range as wide in proportion, as an estimate', () => {
    const profile = parse({ ...like, prices: { vmexit: { value: 1352 } } });
    assert.deepEqual(profile.prices.vmexit, {
      value: 1352,
      low: 1280,
      high: 1420,
      unit: 'cycles',
      source: 'given without a source in mine.json',
      confidence: 'estimate',
    });
    assert.deepEqual(profile.prices.hypercall, skylake.prices.hypercall);
  });

  it('keeps a value inside its range where rounding would leave it out', () => {
    // vcpuWake of qemu-svm is the upper end of its own range.
    const value = 27 / 7;
    const { vcpuWake } = parse({
      like: 'qemu-svm',
      name: 'mine',
      prices: { vcpuWake: { value } },
    }).prices;
    assert.ok(vcpuWake.low <= value && value <= vcpuWake.high);
  });

  it('takes everything that is said of a price', () => {
    const price = {
      value: 300,
      low: 290,
      high: 333,
      unit: 'ns',
      source: 'my own rdtsc loop',
      confidence: 'measured',
    };
    assert.deepEqual(parse({ ...like, prices: { vmexit: price } }).prices.vmexit, price);
  });

  it('narrows a range and keeps the rest of a price', () => {
    const { evtchnSend } = parse({ ...like, prices: { evtchnSend: { high: 200 } } }).prices;
    assert.deepEqual(evtchnSend, { ...skylake.prices.evtchnSend, high: 200 });
  });

  it('gives a price that was nothing no range of its own', () => {
    const { mitigationEntry } = parse({
      ...like,
      prices: { mitigationEntry: { value: 500 } },
    }).prices;
    assert.deepEqual([mitigationEntry.low, mitigationEntry.high], [500, 500]);
  });

  it('changes features and the clock', () => {
    const profile = parse({ ...like, clockHz: 3e9, features: { lazyFpu: true, guestTickHz: 0 } });
    assert.deepEqual(profile.features, { ...skylake.features, lazyFpu: true, guestTickHz: 0 });
    assert.equal(profile.clockHz, 3e9);
  });

  it('may follow a byte order mark', () => {
    assert.equal(parseProfile(`\uFEFF${JSON.stringify(like)}`, 'mine.json').name, 'mine');
  });
});

describe('a complete profile', () => {
  it('needs no other', () => {
    assert.deepEqual(parse(complete()), { ...skylake, name: 'mine' });
  });

  it('may be older than copyClaimed and cacheGrainBytes', () => {
    const old = complete() as { features: object; prices: object };
    Reflect.deleteProperty(old.features, 'cacheGrainBytes');
    Reflect.deleteProperty(old.prices, 'copyClaimed');
    const { features, prices } = parse(old);
    assert.equal(features.cacheGrainBytes, 4096);
    assert.equal(prices.copyClaimed.value, 0);
  });

  for (const path of [
    'description',
    'clockHz',
    'features',
    'prices',
    'features.lazyFpu',
    'prices.ipi',
    'prices.ipi.source',
  ]) {
    it(`says that ${path} is missing`, () => {
      const document = complete();
      const names = path.split('.');
      const last = names.pop() as string;
      let at = document;
      for (const name of names) at = at[name] as Record<string, unknown>;
      delete at[last];
      const fault = faultOf(JSON.stringify(document));
      assert.equal(fault.message, `$.${path} is missing`);
      assert.match(fault.remedy ?? '', /"like"/);
    });
  }
});

describe('what is wrong with a profile is said with its place', () => {
  const prices = (price: unknown, name = 'vmexit') => ({ ...like, prices: { [name]: price } });
  const cases: readonly [what: string, document: unknown, message: RegExp, remedy?: RegExp][] = [
    ['no object', [], /^\$ should be an object, not an array$/],
    ['null', null, /^\$ should be an object, not null$/],
    ['no name', { like: 'skylake-2017' }, /^\$\.name should be text, not missing$/],
    ['a name with a slash', { ...like, name: 'a/b' }, /^\$\.name is "a\/b"$/, /letters, digits/],
    [
      'a name that is taken',
      { ...like, name: 'qemu-svm' },
      /\$\.name is "qemu-svm", which is the name of/,
    ],
    [
      'an unknown member',
      { ...like, price: {} },
      /^\$\.price is no member of a profile$/,
      /"prices"/,
    ],
    [
      'an unknown profile',
      { ...like, like: 'skylake2017' },
      /^\$\.like names no profile: "skylake2017"$/,
      /"skylake-2017"/,
    ],
    [
      'a profile far from all',
      { ...like, like: 'z80' },
      /^\$\.like names no profile/,
      /there are nehalem-2009, /,
    ],
    [
      'an unknown price',
      prices({ value: 1 }, 'vmexti'),
      /^\$\.prices\.vmexti is no price$/,
      /"vmexit"/,
    ],
    [
      'an unknown feature',
      { ...like, features: { lazyFPU: true } },
      /^\$\.features\.lazyFPU is no feature$/,
      /"lazyFpu"/,
    ],
    [
      'an unknown member of a price',
      prices({ valeu: 1 }),
      /^\$\.prices\.vmexit\.valeu is no member of a price$/,
      /"value"/,
    ],
    [
      '__proto__',
      JSON.parse('{"name":"mine","like":"skylake-2017","prices":{"__proto__":{}}}'),
      /^\$\.prices\.__proto__ is no price$/,
    ],
    ['a price that is a number', prices(700), /^\$\.prices\.vmexit should be an object, not 700$/],
    [
      'a value that is text',
      prices({ value: '700' }),
      /^\$\.prices\.vmexit\.value should be a number, not "700"$/,
    ],
    [
      'a negative value',
      prices({ value: -1 }),
      /^\$\.prices\.vmexit\.value is -1; it should be at least 0$/,
    ],
    [
      'an hour',
      prices({ value: 3601e3, unit: 'ms' }),
      /value is 3601000; it should be at most 3600000$/,
    ],
    [
      'a low above the value',
      prices({ value: 5, low: 6 }),
      /^\$\.prices\.vmexit has a low of 6 above its value of 5$/,
    ],
    [
      'a high below the value',
      prices({ value: 5, high: 4 }),
      /^\$\.prices\.vmexit has a high of 4 below its value of 5$/,
    ],
    [
      'a unit that does not fit',
      prices({ value: 5, unit: 'ns/B' }),
      /^\$\.prices\.vmexit\.unit should be one of ps, ns, us, ms, cycles, not "ns\/B"$/,
    ],
    [
      'a time for a rate',
      prices({ value: 5, unit: 'ns' }, 'copyL1'),
      /copyL1\.unit should be one of ps\/B, ns\/B, not "ns"$/,
    ],
    [
      'a unit without a value',
      prices({ unit: 'ns' }),
      /^\$\.prices\.vmexit gives a unit but no value \(cycles in/,
    ],
    [
      'an unknown confidence',
      prices({ confidence: 'measurd' }),
      /confidence should be one of measured, derived/,
      /"measured"/,
    ],
    [
      'an empty source',
      prices({ source: ' ' }),
      /^\$\.prices\.vmexit\.source should not be empty$/,
    ],
    [
      'a flag that is a number',
      { ...like, features: { lazyFpu: 1 } },
      /^\$\.features\.lazyFpu should be true or false, not 1$/,
    ],
    [
      'a word that is none',
      { ...like, features: { nestedPaging: 'epf' } },
      /nestedPaging should be one of npt, ept, not "epf"$/,
      /"ept"/,
    ],
    [
      'a fraction of a byte',
      { ...like, features: { l1Bytes: 4096.5 } },
      /l1Bytes is 4096.5; it should be a whole number$/,
    ],
    [
      'pieces of memory that are no power of two',
      { ...like, features: { cacheGrainBytes: 768 } },
      /cacheGrainBytes is 768; it should be a power of two$/,
    ],
    [
      'a cache of an exabyte',
      { ...like, features: { l3Bytes: 1e18 } },
      /l3Bytes is 1000000000000000000; it should be at most 4294967296$/,
    ],
    [
      'no TLB',
      { ...like, features: { tlbEntries: 0 } },
      /tlbEntries is 0; it should be at least 1$/,
    ],
    ['a stopped clock', { ...like, clockHz: 0 }, /^\$\.clockHz is 0; it should be at least 1000$/],
  ];
  for (const [what, document, message, remedy] of cases) {
    it(what, () => {
      const fault = faultOf(JSON.stringify(document));
      assert.match(fault.message, message);
      assert.equal(fault.where, 'mine.json');
      if (remedy !== undefined) assert.match(fault.remedy ?? '', remedy);
    });
  }

  it('a number that is too large for JavaScript', () => {
    const fault = faultOf('{"name":"mine","like":"skylake-2017","clockHz":1e999}');
    assert.equal(fault.message, '$.clockHz is too large for a number');
  });

  it('text that is not JSON, with line and column', () => {
    const fault = faultOf('{\n  "name": "mine",\n  like: "skylake-2017"\n}');
    assert.match(fault.message, /^not JSON: Expected double-quoted property name$/);
    assert.equal(fault.where, 'mine.json, line 3, column 3');
    assert.match(faultOf('').message, /^not JSON: /);
  });
});
