# Written by build/clireference.ts: changes made here are lost.
_nunect_hub() {
  local words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='init export up status token units pending approve revoke rename forget down top page echo version help'
  else
    case ${COMP_WORDS[1]} in
    init) words='--host --dir --keys --cluster --behind-proxy --tls-cert --tls-key --tls-ca --keep --store --units --traffic --days --isolate --port --own-ca --new-issuer --help' ;;
    export) words='--out --dir --at --issuer --tls-cert --help' ;;
    up) words='--dir --nats-server --no-server --help' ;;
    status) words='--json --dir --help' ;;
    token) words='--list --json --withdraw --auto --unit --prefix --uses --expires --replace --dir --help' ;;
    units) words='--json --dir --help' ;;
    pending) words='--json --dir --help' ;;
    approve) words='--as --replace --dir --help' ;;
    revoke) words='--dir --help' ;;
    rename) words='--dir --help' ;;
    forget) words='--dir --help' ;;
    down) words='--dir --help' ;;
    top) words='--once --sort --filter --interval --json --context --server --user --password-file --creds --nkey --tls-ca --tls-cert --tls-key --help' ;;
    page) words='--dir --config --listen --port --state --context --server --user --password-file --creds --nkey --tls-ca --tls-cert --tls-key --help' ;;
    echo) words='--count --json --interval --timeout --size --context --server --user --password-file --creds --nkey --tls-ca --tls-cert --tls-key --inbox-prefix --help' ;;
    help) words='init export up status token units pending approve revoke rename forget down top page echo' ;;
    esac
    # the value of an option: a file
    case ${COMP_WORDS[COMP_CWORD-1]} in
    --host | --dir | --keys | --cluster | --tls-cert | --tls-key | --tls-ca | --keep | --store | --units | --traffic | --days | --isolate | --port | --out | --at | --nats-server | --withdraw | --unit | --prefix | --uses | --expires | --as | --sort | --filter | --interval | --context | --server | --user | --password-file | --creds | --nkey | --config | --listen | --state | --count | --timeout | --size | --inbox-prefix) words='' ;;
    esac
  fi
  # shellcheck disable=SC2207  # words have no blanks
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _nunect_hub nunect-hub
