import type { SequenceDiagram } from '../../report/sequence/sequence-diagram.js';
import { sequenceSvg } from '../../report/sequence/sequence-svg.js';
import { sequenceText } from '../../report/sequence/sequence-text.js';
import { writeBytesAtomically } from '../../report/write-bytes.js';
import { type ModelTrace, traceConnect, traceMessage } from '../../testbed/model/trace-cell.js';
import type { Invocation } from '../command.js';
import { TRACE_FORMATS } from '../commands/trace.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { modelDiagram } from './model-diagram.js';
import { readTracePlan, type TracePlan, titles } from './trace-plan.js';

/** Carries out `interdom trace`. */
export async function traceScenario(invocation: Invocation): Promise<ExitCode> {
  const { options } = invocation;
  const wanted = readTracePlan(invocation);
  const format = options.word('format', TRACE_FORMATS) ?? 'text';
  const model = wanted.span === 'connect' ? traceConnect(wanted.plan) : traceMessage(wanted.plan);
  if (wanted.besideXen) {
    const { traceBesideXen } = await import('./beside-xen.js');
    return traceBesideXen(invocation, wanted, model, format);
  }
  const diagram = diagramOf(wanted, model, options.flag('details'));
  await put(invocation, format === 'svg' ? sequenceSvg(diagram) : sequenceText(diagram));
  return EXIT.ok;
}

/** The model's own diagram. */
export function diagramOf(
  wanted: TracePlan,
  model: ModelTrace,
  details: boolean,
  partsAtNs?: number,
): SequenceDiagram {
  const { title, subtitle } = titles(wanted, model.window, model.lengthNs);
  return modelDiagram(model, title, subtitle, details, partsAtNs);
}

/** Prints it, or writes it where the user says. Throws UserError. */
export async function put({ options, terminal }: Invocation, text: string): Promise<void> {
  const output = options.text('output');
  if (output === undefined || output === '-') {
    await terminal.print(text);
    return;
  }
  writeBytesAtomically(output, Buffer.from(text));
  terminal.note(`interdom: ${output} is written`);
}
