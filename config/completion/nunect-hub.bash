# Written by build/clireference.ts: changes made here are lost.
_nunect_hub() {
  local words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='top echo version help'
  else
    case ${COMP_WORDS[1]} in
    top) words='--once --sort --filter --interval --json --context --server --user --password-file --creds --nkey --tls-ca --tls-cert --tls-key --help' ;;
    echo) words='--count --json --interval --timeout --size --context --server --user --password-file --creds --nkey --tls-ca --tls-cert --tls-key --inbox-prefix --help' ;;
    help) words='top echo' ;;
    esac
    # the value of an option: a file
    case ${COMP_WORDS[COMP_CWORD-1]} in
    --sort | --filter | --interval | --context | --server | --user | --password-file | --creds | --nkey | --tls-ca | --tls-cert | --tls-key | --count | --timeout | --size | --inbox-prefix) words='' ;;
    esac
  fi
  # shellcheck disable=SC2207  # words have no blanks
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _nunect_hub nunect-hub
