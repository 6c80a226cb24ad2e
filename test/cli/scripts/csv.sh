#!/bin/sh
# Downloads a report as CSV, under the name that Adobe Pass gives it.
set -eu
token=$("$(dirname "$0")/token.sh")
curl -fsSOJ --compressed -H "Authorization: Bearer $token" "$ADOBE_PASS/esm/v3/media-company/year/month/day.csv?$QUERY"
cat report__*.csv
