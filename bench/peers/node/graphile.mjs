// graphile-worker in its fastest documented form: addJobs in batches, a local queue of 500, completions in batches.
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { client, noop, setting, worker } from './talk.mjs';

const connectionString = setting('BENCH_POSTGRES_URI');
// A line for every job is not what is measured.
const logger = new Logger(() => () => {});

export async function graphileClient() {
  const pgPool = new pg.Pool({ connectionString, max: 64 });
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  await client(
    {
      add: (args) => utils.addJob('noop', args),
      async addMany(count, batch, at) {
        const runAt = at === null ? {} : { runAt: at };
        for (let i = 0; i < count; i += batch) {
          await utils.addJobs(Array.from({ length: Math.min(batch, count - i) }, () => ({ identifier: 'noop', payload: noop(), ...runAt })));
        }
      },
      async close() {
        await utils.release();
        await pgPool.end();
      },
    },
    ['graphile-worker', 'pg'],
  );
}

export async function graphileWorker() {
  const asking = new pg.Pool({ connectionString, max: 1 });
  let runner = null;
  await worker({
    async start(handle) {
      runner = await run({
        taskList: { noop: (payload) => handle(payload.sent) },
        logger,
        noHandleSignals: true,
        preset: {
          worker: {
            connectionString,
            maxPoolSize: 26,
            concurrentJobs: 24,
            localQueue: { size: 500 },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
      });
    },
    async stop() {
      await runner?.stop();
      runner = null;
    },
    // A completed job is deleted.
    isDone: async () => (await asking.query('SELECT 1 FROM graphile_worker._private_jobs LIMIT 1')).rowCount === 0,
  });
  await asking.end();
}
