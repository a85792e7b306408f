import type { Command } from '../command.js';

export const SHELLS = ['bash', 'zsh'] as const;

export const completion: Command = {
  name: 'completion',
  summary: 'Prints a completion script for bash or zsh',
  positional: {
    name: 'shell',
    describe: 'bash or zsh',
    required: true,
    candidates: SHELLS,
  },
  options: [],
  examples: [
    ['source <(interdom completion bash)', 'in ~/.bashrc'],
    ['source <(interdom completion zsh)', 'in ~/.zshrc'],
  ],
  async run(invocation) {
    const { completionScript } = await import('../completion/scripts.js');
    return completionScript(invocation);
  },
};
