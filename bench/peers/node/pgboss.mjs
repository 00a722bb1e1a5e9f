// pg-boss by its own verbs: insert in batches, and loops of fetch and complete, which nothing slows down as the interval of work() would.
import { PgBoss } from 'pg-boss';
import pg from 'pg';
import { client, effectOnce, noop, setting, worker } from './talk.mjs';

const connectionString = setting('BENCH_POSTGRES_URI');
const LOOPS = 4;
const PAUSE_MS = 2;

// Jobs of a batch that write at the same time, in all loops together.
const EFFECTS = 24;

const QUEUES = { noop: {}, transaction: {}, 'fails-once': { retryLimit: 3, retryDelay: 1 } };
const queueOf = (way) => (way === 'plain' ? 'noop' : way);

const open = (max) => {
  const boss = new PgBoss({ connectionString, max });
  boss.on('error', (error) => console.error(error));
  return boss;
};

export async function pgBossClient() {
  const boss = open(64);
  await boss.start();
  for (const [name, options] of Object.entries(QUEUES)) await boss.createQueue(name, options);
  const addMany = async (queue, count, batch, startAfter) => {
    for (let i = 0; i < count; i += batch) {
      await boss.insert(queue, Array.from({ length: Math.min(batch, count - i) }, () => ({ data: noop(), ...startAfter })));
    }
  };
  await client(
    {
      add: (args) => boss.send('noop', args),
      addMany: (count, batch, at) => addMany('noop', count, batch, at === null ? {} : { startAfter: at }),
      addWay: (way, count, batch) => addMany(queueOf(way), count, batch, {}),
      close: () => boss.stop(),
    },
    ['pg-boss', 'pg'],
  );
}

export async function pgBossWorker() {
  const asking = new pg.Pool({ connectionString, max: 1 });
  const boss = open(LOOPS + 2);
  await boss.start();
  let running = [];
  let stopping = false;

  const effects = new pg.Pool({ connectionString, max: EFFECTS });

  async function write(job, handle) {
    const connection = await effects.connect();
    try {
      handle(job.data.sent);
      await effectOnce(connection, job.id);
    } finally {
      connection.release();
    }
  }

  async function loop(handle, queue) {
    while (!stopping) {
      const jobs = await boss.fetch(queue, { batchSize: 500 });
      if (jobs.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        continue;
      }
      if (queue === 'transaction') await Promise.all(jobs.map((job) => write(job, handle)));
      else for (const job of jobs) handle(job.data.sent);
      const failed = queue === 'fails-once' ? jobs.filter((job) => job.retryCount === 0) : [];
      if (failed.length > 0) await boss.fail(queue, failed.map((job) => job.id), { message: 'The first attempt fails.' });
      const done = failed.length > 0 ? jobs.filter((job) => job.retryCount !== 0) : jobs;
      if (done.length > 0) await boss.complete(queue, done.map((job) => job.id));
    }
  }

  await worker({
    async start(handle, way) {
      stopping = false;
      running = Array.from({ length: LOOPS }, () => loop(handle, queueOf(way)));
    },
    async stop() {
      stopping = true;
      await Promise.all(running);
      running = [];
    },
    isDone: async () => (await asking.query("SELECT 1 FROM pgboss.job WHERE name IN ('noop', 'transaction', 'fails-once') AND state < 'completed' LIMIT 1")).rowCount === 0,
  });
  await boss.stop();
  await effects.end();
  await asking.end();
}
