import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bareProfile } from './bare-profile.js';
import { findProfile } from './index.js';
import { type Profile, priceTable } from './profile.js';

const profile = findProfile('skylake-2017') as Profile;

describe('a profile without a hypervisor', () => {
  it('keeps what copying and lines cost, and takes nothing for what only a hypervisor does', () => {
    const prices = priceTable(bareProfile(profile, { sendNs: 60, receiveNs: 50 }));
    const whole = priceTable(profile);
    assert.equal(prices.copyL3, whole.copyL3);
    assert.equal(prices.vmexit, 0);
    assert.equal(prices.evtchnSend, 0);
  });

  it('wakes a domain that keeps looking with a cache line', () => {
    const prices = priceTable(bareProfile(profile, { sendNs: 60, receiveNs: 50 }));
    assert.equal(prices.vcpuWake, prices.cacheLine);
  });

  it('prices the measured software: a call without its copy, and what the sender does beyond it', () => {
    const setupNs = priceTable(profile).copySetup / 1000;
    const prices = priceTable(bareProfile(profile, { sendNs: 500, receiveNs: 120 }));
    assert.equal(prices.libraryCall, Math.round((120 - setupNs) * 1000));
    assert.equal(prices.argoSendv, 380_000);
    assert.equal(priceTable(bareProfile(profile, { sendNs: 1, receiveNs: 2 })).argoSendv, 0);
  });

  it('lets whoever raises an event pay for two lines of it, and who takes it for the rest', () => {
    const { cacheLine } = priceTable(profile);
    const of = (eventNs: number) =>
      priceTable(bareProfile(profile, { sendNs: 60, receiveNs: 50, eventNs }));
    assert.equal(of(1000).vcpuUnblock, 2 * cacheLine);
    assert.equal(of(1000).upcall, 1_000_000 - 2 * cacheLine);
    assert.equal(of(5).vcpuUnblock, 5000);
    assert.equal(of(5).upcall, 0);
  });
});
