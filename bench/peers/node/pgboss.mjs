// pg-boss by its own verbs: insert in batches, and loops of fetch and complete, which nothing slows down as the interval of work() would.
import { PgBoss } from 'pg-boss';
import pg from 'pg';
import { client, noop, setting, worker } from './talk.mjs';

const connectionString = setting('BENCH_POSTGRES_URI');
const LOOPS = 4;
const PAUSE_MS = 2;

const open = (max) => {
  const boss = new PgBoss({ connectionString, max });
  boss.on('error', (error) => console.error(error));
  return boss;
};

export async function pgBossClient() {
  const boss = open(64);
  await boss.start();
  await boss.createQueue('noop');
  await client(
    {
      add: (args) => boss.send('noop', args),
      async addMany(count, batch, at) {
        const startAfter = at === null ? {} : { startAfter: at };
        for (let i = 0; i < count; i += batch) {
          await boss.insert('noop', Array.from({ length: Math.min(batch, count - i) }, () => ({ data: noop(), ...startAfter })));
        }
      },
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

  async function loop(handle) {
    while (!stopping) {
      const jobs = await boss.fetch('noop', { batchSize: 500 });
      if (jobs.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        continue;
      }
      for (const job of jobs) handle(job.data.sent);
      await boss.complete('noop', jobs.map((job) => job.id));
    }
  }

  await worker({
    async start(handle) {
      stopping = false;
      running = Array.from({ length: LOOPS }, () => loop(handle));
    },
    async stop() {
      stopping = true;
      await Promise.all(running);
      running = [];
    },
    isDone: async () => (await asking.query("SELECT 1 FROM pgboss.job WHERE name = 'noop' AND state < 'completed' LIMIT 1")).rowCount === 0,
  });
  await boss.stop();
  await asking.end();
}
