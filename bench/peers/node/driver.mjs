// One side of one contender. Usage: node driver.mjs ROLE
const roles = {
  'graphile-client': async () => (await import('./graphile.mjs')).graphileClient(),
  'graphile-worker': async () => (await import('./graphile.mjs')).graphileWorker(),
  'pgboss-client': async () => (await import('./pgboss.mjs')).pgBossClient(),
  'pgboss-worker': async () => (await import('./pgboss.mjs')).pgBossWorker(),
  'bullmq-client': async () => (await import('./bullmq.mjs')).bullClient(),
  'bullmq-worker': async () => (await import('./bullmq.mjs')).bullWorker(),
};

const role = roles[process.argv[2]];
if (role === undefined) {
  console.error(`No such role: '${process.argv[2]}'.`);
  process.exit(2);
}
await role();
process.exit(0);
