/** Shells that there is a script for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A shell that there is a script for. */
export type Shell = typeof SHELLS[number];

const BASH = `\
# Completion of headwise for bash 4 and later.
# For this shell: source <(headwise completions bash)

_headwise() {
  local line current=$2 answer=()
  # Bash takes the break itself for the word where nothing stands behind it.
  [[ $current == [=:] ]] && current=
  while IFS= read -r line; do answer+=("$line"); done < <(
    "$1" __complete bash "$COMP_WORDBREAKS" "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null
  )
  COMPREPLY=("\${answer[@]:1}")
  # Outside of a completion 'compopt' has nothing to set, and says so.
  case "\${answer[0]-}" in
    files)
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
      ;;
    folders)
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current")
      ;;
  esac
  if [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *: ]]; then
    compopt -o nospace 2>/dev/null
  fi
}

complete -F _headwise headwise
`;

const ZSH = `\
#compdef headwise
# Completion of headwise for zsh.
# For this shell: source <(headwise completions zsh)

_headwise() {
  local -a answer proposals
  answer=("\${(@f)$("\${words[1]}" __complete zsh \\
    "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  proposals=("\${(@)answer[2,-1]}")
  if (( \${#proposals} > 0 )); then
    _describe -V headwise proposals
  fi
  case "\${answer[1]}" in
    files) compset -P '--*='; _files ;;
    folders) compset -P '--*='; _files -/ ;;
  esac
}

if [[ "\${funcstack[1]}" == _headwise ]]; then
  _headwise "$@"
else
  compdef _headwise headwise
fi
`;

const FISH = `\
# Completion of headwise for fish.
# For this shell: headwise completions fish | source

function __headwise_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($before[1] __complete fish $before[2..-1] "$current" 2>/dev/null)
    printf '%s\\n' $answer[2..-1]
    set -l paths (string replace -r -- '^--[^=]*=' '' "$current")
    set -l option (string match -r -- '^--[^=]*=' "$current")
    switch "$answer[1]"
        case files
            printf '%s\\n' "$option"(__fish_complete_path "$paths")
        case folders
            printf '%s\\n' "$option"(__fish_complete_directories "$paths")
    end
end

complete -c headwise -f -a '(__headwise_complete)'
`;

/** Gives the script that makes a shell complete the command line of headwise. */
export function completionScript(shell: Shell): string {
  return { bash: BASH, zsh: ZSH, fish: FISH }[shell];
}
