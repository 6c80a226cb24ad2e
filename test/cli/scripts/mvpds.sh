#!/bin/sh
# The MVPDs of a service provider. A token that has expired is replaced once.
set -eu
[ -s token ] || "$(dirname "$0")/token.sh" > token
get() {
  curl -sS -o answer.json -w '%{http_code}' -H "Authorization: Bearer $(cat token)" \
    -H 'Accept: application/json' "$ADOBE_PASS/api/v2/$1/configuration"
}
status=$(get "$1")
if [ "$status" = 401 ]; then
  "$(dirname "$0")/token.sh" > token
  status=$(get "$1")
fi
[ "$status" = 200 ] || { echo "status $status" >&2; exit 1; }
jq -r '.requestor.mvpds[] | [.id, .displayName] | @tsv' answer.json
