import { sequencePairSvg } from '../../report/sequence/sequence-svg.js';
import type { ModelTrace } from '../../testbed/model/trace-cell.js';
import type { XenCellRequest, XenScenario, XenTransport } from '../../testbed/xen/cells/request.js';
import { traceOnXen, type XenTrace } from '../../testbed/xen/trace-run.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { Interruption } from '../run/interruption.js';
import { xenFolders } from '../xen/folders.js';
import { xenSettings, xenTestbedOptions } from '../xen/xen-options.js';
import {
  type Alignment,
  aligned,
  type CommonStep,
  commonOfModel,
  commonOfXen,
  fromFirstOperation,
  typicalRoundTrip,
  verdict,
} from './shared-steps.js';
import { sideBySide } from './side-by-side.js';
import { type TracePlan, titles } from './trace-plan.js';
import { diagramOf, put } from './trace-scenario.js';
import { xenDiagram } from './xen-diagram.js';

/** Traces the same on real Xen, and shows both side by side. */
export async function traceBesideXen(
  invocation: Invocation,
  wanted: TracePlan,
  model: ModelTrace,
  format: 'text' | 'svg',
): Promise<ExitCode> {
  const { options, terminal } = invocation;
  const interruption = new Interruption(() => terminal.complain('interdom: interrupted'));
  try {
    const real = await traceOnXen(requestOf(wanted), wanted.span, {
      ...xenFolders(options.text('xen-cache'), terminal.environment),
      ...xenTestbedOptions(xenSettings(options)),
      signal: interruption.signal,
      onProgress: (text) => terminal.note(`interdom: real Xen: ${text}`),
    });
    const [mine, theirs] = [commonOfModel(model.steps), commonOfXen(real.steps)];
    const isConnect = wanted.span === 'connect';
    const trip = isConnect ? theirs : typicalRoundTrip(theirs);
    const both = aligned(isConnect ? mine : fromFirstOperation(mine), trip);
    const { title, subtitle } = titles(wanted, model.window, model.lengthNs);
    if (format === 'text') {
      await put(invocation, sideBySide(title, subtitle, both));
    } else {
      const shown = isConnect ? real : partOf(real, trip);
      const head = titles(wanted, `${model.window} on real Xen`, shown.lengthNs);
      const begunNs = isConnect ? 0 : (trip[0]?.atNs ?? 0);
      const parts = partingTimes(both);
      const theirPart = parts.xen === undefined ? undefined : parts.xen - begunNs;
      const diagram = xenDiagram(shown, model.domains, head.title, head.subtitle, theirPart);
      await put(
        invocation,
        sequencePairSvg(diagramOf(wanted, model, isConnect, parts.model), diagram, verdict(both)),
      );
    }
    return EXIT.ok;
  } catch (error) {
    if (interruption.exitCode === undefined) throw error;
    return interruption.exitCode;
  } finally {
    interruption.dispose();
  }
}

/** When each side does the first thing that the other does not, or does next; nothing where they do the same. */
export function partingTimes({ lines, divergesAt }: Alignment): {
  readonly model?: number;
  readonly xen?: number;
} {
  const rest = divergesAt === undefined ? [] : lines.slice(divergesAt);
  const model = rest.find((line) => line.model !== undefined)?.model?.atNs;
  const xen = rest.find((line) => line.xen !== undefined)?.xen?.atNs;
  return { ...(model === undefined ? {} : { model }), ...(xen === undefined ? {} : { xen }) };
}

/** What real Xen did from the first to the last of these steps, from time 0. */
export function partOf(real: XenTrace, part: readonly CommonStep[]): XenTrace {
  const [first, last] = [part[0]?.atNs ?? 0, part.at(-1)?.atNs ?? Number.POSITIVE_INFINITY];
  return {
    steps: real.steps
      .filter(({ atNs }) => atNs >= first && atNs <= last)
      .map((step) => ({ ...step, atNs: step.atNs - first })),
    cutShort: false,
    lengthNs: last - first,
  };
}

function requestOf({ plan, span }: TracePlan): XenCellRequest {
  const { transport, scenario, parameters } = plan;
  const { ringSizeBytes, messageSizeBytes, guestTypes, grantMode, placement } = parameters;
  return {
    transport: transport.name as XenTransport,
    // How a connection is used later changes nothing of how it is made.
    scenario: span === 'connect' ? 'ping-pong' : (scenario.name as XenScenario),
    parameters: { ringSizeBytes, messageSizeBytes, guestTypes, grantMode, placement },
  };
}
