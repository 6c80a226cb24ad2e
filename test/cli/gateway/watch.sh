#!/bin/sh
# Signs a person in on a device, and asks whether they may watch something. Knows the gateway, and no secret.
# Usage: watch.sh GATEWAY DEVICE ADDRESS RESOURCE
set -eu
gateway=$1 device=$2 address=$3 resource=$4

info='{"model":"AFTM","version":"montoya","osName":"Android","osVersion":"5.1.1","connectionType":"WiFi"}'
call() {
  method=$1 path=$2
  shift 2
  curl -fsS -X "$method" "$gateway$path" -H "AP-Device-Identifier: fingerprint $(printf %s "$device" | base64)" \
    -H "X-Device-Info: $(printf %s "$info" | base64 | tr -d '\n')" -H "X-Forwarded-For: $address" "$@"
}

mvpd=$(call GET /api/v2/ACME/configuration |
  jq -er '.requestor.mvpds[] | select(.displayName == "North Cable") | .id')
echo "provider $mvpd"

session=$(call POST /api/v2/ACME/sessions -d "mvpd=$mvpd" -d domainName=acme.example \
  --data-urlencode 'redirectUrl=https://acme.example/done?a=1&b=2')
code=$(echo "$session" | jq -er .code)
echo "code $code $(echo "$session" | jq -er .url)"

# The person signs in elsewhere: whoever runs this says when.
read -r _
call GET "/api/v2/ACME/profiles/code/$code" | jq -er --arg mvpd "$mvpd" '"profile " + .profiles[$mvpd].type'

for wanted in "$resource" acme-late-night; do
  jq -n --arg wanted "$wanted" '{resources: [$wanted]}' |
    call POST "/api/v2/ACME/decisions/authorize/$mvpd" -H 'Content-Type: application/json' -d @- |
    jq -er --arg wanted "$wanted" \
      '.decisions[0] | "decision " + $wanted + " " + (if .authorized then "permit" else .error.code end)'
done

call DELETE '/reset-tempass/v3/reset?device_id=all&requestor_id=ACME&mvpd_id=TempPass_Acme10'
echo reset
