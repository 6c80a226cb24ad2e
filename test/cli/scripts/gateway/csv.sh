#!/bin/sh
curl -fsSOJ "$GATEWAY/esm/v3/media-company/year/month/day.csv?$QUERY"
cat report__*.csv
