import { unknownName } from '../../base/did-you-mean.js';
import type { Invocation } from '../command.js';
import { SHELLS } from '../commands/completion.js';
import { EXIT, type ExitCode } from '../exit-codes.js';

/** Asks the program for the words that may stand at the cursor; files where it has none to offer. */
const BASH = `# interdom: completion for bash. In ~/.bashrc: source <(interdom completion bash)
_interdom() {
  local IFS=$'\\n'
  local current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=($(interdom --complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _interdom interdom
`;

const ZSH = `#compdef interdom
# interdom: completion for zsh. In ~/.zshrc: source <(interdom completion zsh)
_interdom() {
  local -a candidates
  candidates=("\${(@f)$(interdom --complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${candidates[1]}" ]]; then
    compadd -Q -- "\${candidates[@]}"
  else
    _files
  fi
}
if [[ "\${zsh_eval_context[-1]}" == "loadautofunc" ]]; then
  _interdom "$@"
else
  compdef _interdom interdom
fi
`;

/** Carries out `interdom completion`. */
export async function completionScript({ positionals, terminal }: Invocation): Promise<ExitCode> {
  const shell = positionals[0] ?? '';
  const known = SHELLS.find((one) => one === shell);
  if (known === undefined) {
    throw unknownName('a shell with completion', shell, SHELLS, 'interdom completion');
  }
  await terminal.print(known === 'bash' ? BASH : ZSH);
  return EXIT.ok;
}
