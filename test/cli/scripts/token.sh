#!/bin/sh
# An access token. The client is registered once, and kept in client.json of the working directory.
set -eu
if [ ! -s client.json ]; then
  curl -fsS -X POST "$ADOBE_PASS/o/client/register" -H 'Content-Type: application/json' \
    -d "{\"software_statement\": \"$(cat "$STATEMENT")\"}" > client.json
fi
id=$(jq -r .client_id client.json)
secret=$(jq -r .client_secret client.json)
curl -fsS -X POST -H 'Content-Type: application/json' \
  "$ADOBE_PASS/o/client/token?grant_type=client_credentials&client_id=$id&client_secret=$secret" | jq -er .access_token
