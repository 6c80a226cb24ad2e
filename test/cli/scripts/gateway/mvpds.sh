#!/bin/sh
curl -fsS "$GATEWAY/api/v2/$1/configuration" | jq -r '.requestor.mvpds[] | [.id, .displayName] | @tsv'
