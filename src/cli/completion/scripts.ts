/** The script of each shell. It asks the program itself for the words, and where there is none the shell completes names of files. */
import type { Shell } from './command.ts';

export const scriptFor = (shell: Shell): string => scripts[shell];

const scripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for kubectl-upsell
_kubectl_upsell() {
  local line words
  # The words up to the cursor; a flag and its value stay one word, whatever COMP_WORDBREAKS says.
  read -ra words <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ "\${COMP_LINE:0:COMP_POINT}" == *[[:space:]] ]] && words+=("")
  local typed="\${words[-1]}" cut=""
  [[ "$typed" == *=* && "$COMP_WORDBREAKS" == *=* ]] && cut="\${typed%%=*}="
  COMPREPLY=()
  while IFS='' read -r line; do
    line="\${line%%$'\\t'*}"
    COMPREPLY+=("\${line#"$cut"}")
  done < <("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _kubectl_upsell kubectl-upsell
`,
  zsh: `#compdef kubectl-upsell
# zsh completion for kubectl-upsell
_kubectl_upsell() {
  local -a found
  local line
  while IFS='' read -r line; do
    line="\${line//:/\\\\:}"
    found+=("\${line/$'\\t'/:}")
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'kubectl-upsell' found; else _files; fi
}
if [ "\${funcstack[1]}" = "_kubectl_upsell" ]; then _kubectl_upsell; else compdef _kubectl_upsell kubectl-upsell; fi
`,
  fish: `# fish completion for kubectl-upsell
function __kubectl_upsell_complete
  set -l words (commandline -opc)
  set -l typed (commandline -ct)
  set -l found ($words[1] __complete $words[2..-1] "$typed" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$typed"
  end
end
complete -c kubectl-upsell -f -a '(__kubectl_upsell_complete)'
`,
};
