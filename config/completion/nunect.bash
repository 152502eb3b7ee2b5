# Written by build/clireference.ts: changes made here are lost.
_nunect() {
  local words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='run render enrol check echo status doctor time version help'
  else
    case ${COMP_WORDS[1]} in
    run) words='--dir --config --keep --help' ;;
    render) words='--config --out --keep --stdout --no-test --leaf-address --help' ;;
    enrol) words='--config --keep --wait --no-reload --help' ;;
    check) words='--config --format --help' ;;
    echo) words='--count --json --interval --timeout --size --context --server --user --password-file --creds --nkey --tls-ca --tls-cert --tls-key --inbox-prefix --help' ;;
    status) words='--json --watch --dir --help' ;;
    doctor) words='--json --config --dir --help' ;;
    time) words='--config --out --device --help' ;;
    help) words='run render enrol check echo status doctor time' ;;
    esac
    # the value of an option: a file
    case ${COMP_WORDS[COMP_CWORD-1]} in
    --dir | --config | --keep | --out | --leaf-address | --wait | --format | --count | --interval | --timeout | --size | --context | --server | --user | --password-file | --creds | --nkey | --tls-ca | --tls-cert | --tls-key | --inbox-prefix | --device) words='' ;;
    esac
  fi
  # shellcheck disable=SC2207  # words have no blanks
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _nunect nunect
