#!/bin/sh
path=/esm/v3
for name in $DIMENSIONS; do path=$(curl -fsS "$GATEWAY$path?limit=1" | jq -er --arg name "$name" '[._links["drill-down"]] | flatten[] | select(.name == $name) | .href'); done
curl -fsS "$GATEWAY$path?$QUERY" | jq -r '.report[] | [.year, .month, .day, .mvpd, ."media-tokens"] | @tsv'
