import { sequencePairSvg } from '../../report/sequence/sequence-svg.js';
import type { ModelTrace } from '../../testbed/model/trace-cell.js';
import type { XenCellRequest, XenScenario, XenTransport } from '../../testbed/xen/cells/request.js';
import { traceOnXen } from '../../testbed/xen/trace-run.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { Interruption } from '../run/interruption.js';
import { xenFolders } from '../xen/folders.js';
import { xenSettings, xenTestbedOptions } from '../xen/xen-options.js';
import {
  type Alignment,
  aligned,
  commonOfModel,
  commonOfXen,
  fromFirstOperation,
  quietestRoundTrip,
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
    const both =
      wanted.span === 'connect'
        ? aligned(mine, theirs)
        : aligned(fromFirstOperation(mine), quietestRoundTrip(theirs));
    const { title, subtitle } = titles(wanted, model.window, model.lengthNs);
    if (format === 'text') {
      await put(invocation, sideBySide(title, subtitle, both));
    } else {
      const what = wanted.span === 'connect' ? model.window : 'a few round trips';
      const head = titles(wanted, `${what} on real Xen`, real.lengthNs);
      const diagram = xenDiagram(real, model.domains, head.title, head.subtitle);
      await put(
        invocation,
        sequencePairSvg(diagramOf(wanted, model, false), diagram, verdict(both)),
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

/** Whether both do the same, in a sentence. */
export function verdict({ lines, divergesAt }: Alignment): string {
  if (divergesAt === undefined) {
    return `Model and real Xen do the same ${lines.length} steps in the same order.`;
  }
  const same = lines.filter(({ model, xen }) => model !== undefined && xen !== undefined).length;
  return `Model and real Xen part at step ${divergesAt + 1}; ${same} of ${lines.length} steps are the same.`;
}
