#!/bin/sh
# Follows the links from the root of the reports down to the dimensions in $DIMENSIONS, and prints the media tokens there.
set -eu
token=$("$(dirname "$0")/token.sh")
path=/esm/v3
for name in $DIMENSIONS; do
  report=$(curl -fsS -H "Authorization: Bearer $token" "$ADOBE_PASS$path?limit=1")
  path=$(echo "$report" | jq -er --arg name "$name" \
    '._links["drill-down"] | if type == "array" then .[] else . end | select(.name == $name) | .href')
done
curl -fsS --compressed -H "Authorization: Bearer $token" -H 'Accept: application/json' "$ADOBE_PASS$path?$QUERY" |
  jq -r '.report[] | [.year, .month, .day, .mvpd, ."media-tokens"] | @tsv'
