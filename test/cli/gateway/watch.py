#!/usr/bin/env python3
"""Signs a person in on a device, and asks whether they may watch something. Knows the gateway, and no secret.

Usage: watch.py GATEWAY DEVICE ADDRESS RESOURCE
"""
import base64
import http.client
import json
import sys
import time
import urllib.parse

gateway, device, address, resource = sys.argv[1:]
host = urllib.parse.urlsplit(gateway)
connection = http.client.HTTPConnection(host.hostname, host.port, timeout=60)


def encoded(text):
    return base64.b64encode(text.encode()).decode()


headers = {
    "AP-Device-Identifier": "fingerprint " + encoded(device),
    "X-Device-Info": encoded(json.dumps({
        "model": "AFTM", "version": "montoya", "osName": "Android", "osVersion": "5.1.1", "connectionType": "WiFi",
    })),
    "X-Forwarded-For": address,
    "Accept": "application/json",
}


def call(method, path, body=None, content_type=None):
    """The JSON of an answer; the program ends when the call is refused."""
    more = {"Content-Type": content_type} if content_type else {}
    connection.request(method, path, body, {**headers, **more})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status not in (200, 204):
        sys.exit("%s %s: %d %s" % (method, path, answer.status, content.decode()))
    return json.loads(content) if content else None


requestor = call("GET", "/api/v2/ACME/configuration")["requestor"]
mvpd = next(mvpd for mvpd in requestor["mvpds"] if mvpd["displayName"] == "North Cable")
print("provider", mvpd["id"], flush=True)

form = urllib.parse.urlencode({
    "mvpd": mvpd["id"], "domainName": requestor["domains"][0]["name"], "redirectUrl": "https://acme.example/done?a=1&b=2",
})
session = call("POST", "/api/v2/ACME/sessions", form, "application/x-www-form-urlencoded")
print("code", session["code"], session["url"], flush=True)

# The person signs in elsewhere: whoever runs this says when.
sys.stdin.readline()
profiles = call("GET", "/api/v2/ACME/profiles/code/" + session["code"])["profiles"]
print("profile", profiles[mvpd["id"]]["type"], flush=True)

for wanted in (resource, "acme-late-night"):
    decision = call(
        "POST", "/api/v2/ACME/decisions/authorize/" + mvpd["id"],
        json.dumps({"resources": [wanted]}), "application/json",
    )["decisions"][0]
    print("decision", wanted, "permit" if decision["authorized"] else decision["error"]["code"], flush=True)

query = urllib.parse.urlencode({"device_id": "all", "requestor_id": "ACME", "mvpd_id": "TempPass_Acme10"})
call("DELETE", "/reset-tempass/v3/reset?" + query)
print("reset", flush=True)
