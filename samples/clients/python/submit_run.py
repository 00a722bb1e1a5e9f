#!/usr/bin/env python3
"""Submits a run to a lane of Fleet: one JSON message to the exchange fleet.lanes.

    submit_run.py LANE JOB [ARGS]     ARGS is a JSON object; default: {}

AMQP_URL names the broker. TRACEPARENT, when it is set, makes the run part of that trace.
Needs pika (Debian: python3-pika).
"""

import json
import os
import sys
import uuid

import pika


def main(lane: str, job: str, args: str = "{}") -> None:
    trace = os.environ.get("TRACEPARENT")
    url = os.environ.get("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672")
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        # Returns once the broker has the message on disk, and raises where no queue takes it.
        channel.confirm_delivery()
        channel.basic_publish(
            exchange="fleet.lanes",
            routing_key=lane,
            body=json.dumps({"job": job, "args": json.loads(args)}),
            properties=pika.BasicProperties(
                content_type="application/json",
                delivery_mode=2,
                # One id, one run, however often the broker delivers it.
                message_id=str(uuid.uuid4()),
                headers={"traceparent": trace} if trace else None,
            ),
            mandatory=True,
        )


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except json.JSONDecodeError as e:
        sys.exit(f"ARGS is not JSON: {e}")
    except pika.exceptions.UnroutableError:
        sys.exit(f"No lane '{sys.argv[1]}': no worker has listened to it, and no run was enqueued for it.")
