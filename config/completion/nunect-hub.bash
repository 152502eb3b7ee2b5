# Written by build/clireference.ts: changes made here are lost.
_nunect_hub() {
  local words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='init export top echo version help'
  else
    case ${COMP_WORDS[1]} in
    init) words='--host --dir --keys --cluster --behind-proxy --tls-cert --tls-key --tls-ca --keep --store --units --traffic --days --port --own-ca --help' ;;
    export) words='--out --dir --at --issuer --help' ;;
    top) words='--once --sort --filter --interval --json --context --server --user --password-file --creds --nkey --tls-ca --tls-cert --tls-key --help' ;;
    echo) words='--count --json --interval --timeout --size --context --server --user --password-file --creds --nkey --tls-ca --tls-cert --tls-key --inbox-prefix --help' ;;
    help) words='init export top echo' ;;
    esac
    # the value of an option: a file
    case ${COMP_WORDS[COMP_CWORD-1]} in
    --host | --dir | --keys | --cluster | --tls-cert | --tls-key | --tls-ca | --keep | --store | --units | --traffic | --days | --port | --out | --at | --sort | --filter | --interval | --context | --server | --user | --password-file | --creds | --nkey | --count | --timeout | --size | --inbox-prefix) words='' ;;
    esac
  fi
  # shellcheck disable=SC2207  # words have no blanks
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _nunect_hub nunect-hub
