import { derived, estimate, free, measured } from '../price-builders.js';
import type { Price, Profile } from '../profile.js';

/**
 * One instruction takes 2 ns (-icount shift=1), whatever it does: a "cycle" of this profile is an
 * instruction.
 */
const INSTRUCTIONS_A_SECOND = 500e6;

const COUNTED =
  'instructions counted between entry and exit, Xen 4.17.7 and Linux 6.1 under QEMU TCG';

/** A count, or a share of one that is exact in sum: the parts are good to about a quarter. */
function counted(instructions: number, equation: string): Price {
  return derived(
    instructions,
    'cycles',
    instructions * 0.75,
    instructions * 1.25,
    `${COUNTED}: ${equation}`,
  );
}

const guess = (instructions: number, what: string): Price =>
  estimate(instructions, 'cycles', `instructions, not counted: ${what}`);

const FREE = 'free in the emulation: a step of the hardware takes no instruction';
const COPY =
  'a streamed byte costs 0.65 instructions in two copies and a comparison (1 to 4 KiB messages), ' +
  'of which 0.50 are one copy and the comparison (pages kept mapped): 0.15 a byte for a copy, ' +
  'at 2 ns; the emulation has no caches';

/**
 * The emulated CPU on which real Xen is counted: QEMU's TCG with SVM and nested paging, one
 * instruction every 2 ns. Its times are no hardware's; they serve to compare schedules with those
 * of the counted machine.
 *
 * Fitted to guests that share one physical CPU. With a CPU for each, the emulator still runs them
 * in turn, so that its virtual time is the sum of what the model (and hardware) does at once: only
 * `vcpuWake` stands for that, and streams overlap more than they do there.
 */
export const QEMU_SVM: Profile = {
  name: 'qemu-svm',
  description:
    'QEMU TCG, -cpu qemu64,+svm,+npt -icount shift=1, Xen 4.17, Linux 6.1: no hardware ' +
    'has these times',
  clockHz: INSTRUCTIONS_A_SECOND,
  features: {
    nestedPaging: 'npt',
    taggedTlb: true,
    virtualApic: false,
    nextRip: false,
    lazyFpu: true,
    upcallVector: true,
    l1tfFlush: false,
    deepIdleAfterUs: 0,
    longCopyBytes: 0,
    cacheGrainBytes: 4096,
    tlbEntries: 1024,
    l1Bytes: 32 * 1024,
    l2Bytes: 256 * 1024,
    l3Bytes: 8 * 1024 * 1024,
    guestTickHz: 250,
    scheduler: 'credit2',
    schedulerRatelimitUs: 1000,
    schedulerTimesliceUs: 10_000,
  },
  prices: {
    vmexit: counted(
      370,
      'the exit itself is free; PVH: #NM takes 652, about vmexit 370 + exitHandler 150. Exits by an ' +
        'instruction take a pageWalk more, as this CPU has no NRIP-save: EOI 5,498, a hypercall 5,650',
    ),
    pvEntry: counted(
      200,
      'the five simplest ways of a PV guest through Xen take 273 to 414, with hypercall ' +
        'or exitHandler',
    ),
    syscall: guess(60, 'the entry code of Linux'),
    cr3Write: free('cycles', FREE),
    invlpg: measured(1, 'cycles', 1, 1, 'one instruction'),
    tlbRefill: free('cycles', FREE),
    ipi: free('cycles', FREE),
    deepIdleExit: free('ns', 'an emulated CPU does not sleep deep'),
    shootdownFirst: guess(2000, 'sending an IPI and spinning until it is answered'),
    shootdownFurther: guess(500, 'one more IPI'),
    cacheLine: free('cycles', FREE),

    hypercall: counted(
      130,
      'PV: iret 414, stack_switch 288, set_segment_base 302 = pvEntry 200 + hypercall 130, about',
    ),
    exitHandler: counted(
      150,
      'PV: a system call passed on 365, #NM 273 = pvEntry 200 + exitHandler 150, about',
    ),
    evtchnSend: counted(
      900,
      'PV: 1640 = pvEntry 200 + hypercall 130 + evtchnSend 900 + vcpuUnblock 410; ' +
        'the split is a guess',
    ),
    evtchnControl: guess(1500, 'event_channel_op'),
    schedOp: counted(
      800,
      'PV: block and switch to the other guest 3304 = pvEntry 200 + hypercall 130 ' +
        '+ schedOp 800 + vcpuSwitch 1700 + inject 474; the split is a guess',
    ),
    timerOp: counted(450, 'PV: 650 to 890 = pvEntry 200 + hypercall 130 + timerOp 450, about'),
    grantMap: counted(
      1300,
      'PV: 1,201 a further operation of one hypercall; PVH: 12,231, of which 2 x pageWalk 4900 for the ' +
        'arguments, and about 1,100 the change of the p2m',
    ),
    grantUnmap: counted(1300, 'as grantMap'),
    grantCopy: counted(
      1050,
      'PV: 1,692 a further 4 KiB of one hypercall = grantCopy 1050 + copySetup 30 + 614 for the ' +
        'bytes; PVH: 12,000, of which 2 x pageWalk 4900 for the arguments, about',
    ),
    argoSendv: counted(
      1150,
      'PV: 2,369 a streamed 16 B message in Xen, less a system call and its return 771, ' +
        'pvEntry 200, hypercall 130 and the copy',
    ),
    argoNotify: guess(1200, 'argo_op notify without its page walks'),
    argoRegister: guess(3000, 'argo_op register_ring, a page'),
    pageWalk: counted(
      4900,
      'half a ping-pong round trip of PVH guests on one CPU has 10 walks and takes 50,528 in Xen, 4,900 ' +
        'of it for the rest, as in PV: instructions of hypercall, HLT and EOI, the argument of the ' +
        'send, and 6 for the runstate of both vCPUs. Grant operations: 12,231 less 1,300, for two',
    ),
    vcpuSwitch: counted(1700, 'PV: see schedOp'),
    vcpuUnblock: counted(410, 'PV: see evtchnSend'),
    vcpuWake: derived(
      19_500,
      'cycles',
      11_000,
      19_500,
      'fitted to PVH guests with a CPU each: 252.6 us a round trip. Holds the wait for the ' +
        "emulator's turns, which hardware does not have; PV guests (93.3 us) want 11000",
    ),
    inject: counted(474, 'PV: see schedOp'),

    mitigationEntry: free('cycles', 'the emulated CPU has no mitigations'),
    l1dFlush: free('cycles', 'not open to L1TF'),

    libraryCall: counted(
      150,
      'user space, 64 B: 403 a message = 2 x (libraryCall 150 + copySetup 30) + 64 x 0.65, about',
    ),
    systemCall: counted(
      400,
      'guest kernel, half a round trip: 10908 = 3 x (syscall 60 + systemCall 400 + ' +
        'eventDevice 500) + upcall 1800 + 2 x taskSwitch 3100, about; the split ' +
        'is a guess',
    ),
    eventDevice: counted(500, 'see systemCall'),
    upcall: counted(1800, 'see systemCall'),
    taskSwitch: counted(3100, 'see systemCall'),
    timerTick: guess(5000, 'tick of Linux'),
    xenbus: guess(6000, 'xenbus driver'),
    memoryMap: counted(
      9813,
      'guest kernel, map + unmap of one page: 21926 = 5 x (syscall 60 + systemCall 400) + ' +
        '2 x memoryMap 9813',
    ),
    clockRead: guess(30, 'clock_gettime without a system call'),
    payload: derived(
      350,
      'ps/B',
      250,
      450,
      'a comparison takes 0.35 instructions a byte (0.50 less 0.15 for the copy), ' +
        'at 2 ns: 700; only the receiver compares there, so half on each side',
    ),

    copySetup: guess(30, 'memcpy before its loop'),
    copyL1: derived(300, 'ps/B', 250, 350, COPY),
    copyL2: derived(300, 'ps/B', 250, 350, COPY),
    copyL3: derived(300, 'ps/B', 250, 350, COPY),
    copyUnprefetched: free('ps/B', 'the emulated CPU has no caches'),
    copyClaimed: free('ps/B', 'the emulated CPU has no caches'),
    copyDram: derived(300, 'ps/B', 250, 350, COPY),

    xenstoreOperation: estimate(50_000, 'cycles', 'instructions, not counted: xenstored (C)', 5),
    brokerStep: estimate(50_000, 'cycles', 'instructions, not counted: a C daemon in dom0', 5),
    domainTeardownPerGib: estimate(
      800,
      'ms',
      '262,144 pages at about 1,500 instructions each, not counted',
      5,
    ),
    crashDetection: estimate(20, 'ms', 'xl in dom0, not counted', 5),
  },
};
