#!/bin/sh
# Submits a run to a lane of Fleet over the HTTP API of RabbitMQ's management interface, as its page does: for people and
# scripts that have nothing but curl. It is slow and confirms nothing beyond "routed": programs speak AMQP.
#   submit-run-http.sh LANE JOB [ARGS]     ARGS is a JSON object; default: {}
# MANAGEMENT_URL names the interface, VHOST the virtual host (%2F is /). TRACEPARENT, when it is set, makes the run part of
# that trace.
set -eu
lane=$1 job=$2 args=${3:-"{}"}
message=$(printf '{"job":"%s","args":%s}' "$job" "$args" | base64 | tr -d '\n')
headers="{${TRACEPARENT:+\"traceparent\":\"$TRACEPARENT\"}}"
answer=$(curl --silent --show-error --fail-with-body --noproxy '*' --header 'content-type: application/json' \
  "${MANAGEMENT_URL:-http://guest:guest@127.0.0.1:15672}/api/exchanges/${VHOST:-%2F}/fleet.lanes/publish" \
  --data "{\"properties\":{\"delivery_mode\":2,\"content_type\":\"application/json\",\"headers\":$headers},\"routing_key\":\"$lane\",\"payload\":\"$message\",\"payload_encoding\":\"base64\"}")
case $answer in
  *'"routed":true'*) ;;
  *) echo "No lane '$lane': no worker has listened to it, and no run was enqueued for it." >&2; exit 1 ;;
esac
