// Submits a run to a lane of Fleet: one JSON message to the exchange fleet.lanes.
//   npm ci && node submit-run.mjs LANE JOB [ARGS]     ARGS is a JSON object; default: {}
// AMQP_URL names the broker. TRACEPARENT, when it is set, makes the run part of that trace.
import { randomUUID } from "node:crypto";
import { argv, env, exit } from "node:process";
import amqp from "amqplib";

const [lane, job, args = "{}"] = argv.slice(2);
if (!job) {
  console.error("Usage: node submit-run.mjs LANE JOB [ARGS]");
  exit(2);
}

const message = JSON.stringify({ job, args: JSON.parse(args) });
const connection = await amqp.connect(env.AMQP_URL ?? "amqp://guest:guest@127.0.0.1:5672");
const channel = await connection.createConfirmChannel();
let returned = false;
channel.on("return", () => (returned = true));
channel.publish("fleet.lanes", lane, Buffer.from(message), {
  contentType: "application/json",
  persistent: true,
  mandatory: true,
  // One id, one run, however often the broker delivers it.
  messageId: randomUUID(),
  headers: env.TRACEPARENT ? { traceparent: env.TRACEPARENT } : {},
});
// The broker has it on disk; what no queue takes comes back before.
await channel.waitForConfirms();
await connection.close();
if (returned) {
  console.error(`No lane '${lane}': no worker has listened to it, and no run was enqueued for it.`);
  exit(1);
}
