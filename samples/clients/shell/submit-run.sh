#!/bin/sh
# Submits a run to a lane of Fleet: one JSON message to the exchange fleet.lanes.
#   submit-run.sh LANE JOB [ARGS]     ARGS is a JSON object; default: {}
# AMQP_URL names the broker. TRACEPARENT, when it is set, makes the run part of that trace.
# Needs amqp-publish (Debian: amqp-tools), which does not tell whether the lane exists.
set -eu
lane=$1 job=$2 args=${3:-"{}"}
set -- ${TRACEPARENT:+--header "traceparent: $TRACEPARENT"}
exec amqp-publish --url="${AMQP_URL:-amqp://guest:guest@127.0.0.1:5672}" --exchange=fleet.lanes --routing-key="$lane" \
  --persistent --content-type=application/json "$@" --body="{\"job\":\"$job\",\"args\":$args}"
