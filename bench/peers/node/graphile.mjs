// graphile-worker in its fastest documented form: addJobs in batches, a local queue of 500, completions in batches.
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { client, effectOnce, noop, setting, worker } from './talk.mjs';

const connectionString = setting('BENCH_POSTGRES_URI');
// A line for every job is not what is measured.
const logger = new Logger(() => () => {});

export async function graphileClient() {
  const pgPool = new pg.Pool({ connectionString, max: 64 });
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  const addMany = async (identifier, count, batch, runAt) => {
    for (let i = 0; i < count; i += batch) {
      await utils.addJobs(Array.from({ length: Math.min(batch, count - i) }, () => ({ identifier, payload: noop(), ...runAt })));
    }
  };
  await client(
    {
      add: (args) => utils.addJob('noop', args),
      addMany: (count, batch, at) => addMany('noop', count, batch, at === null ? {} : { runAt: at }),
      addWay: (way, count, batch) => addMany(way === 'plain' ? 'noop' : way, count, batch, {}),
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
        taskList: {
          noop: (payload) => handle(payload.sent),
          transaction: (payload, helpers) => {
            handle(payload.sent);
            return helpers.withPgClient((connection) => effectOnce(connection, helpers.job.id));
          },
          // It is tried again after exp(attempts) seconds, 2.7 at first, which no setting changes.
          'fails-once': (payload, helpers) => {
            handle(payload.sent);
            if (helpers.job.attempts === 1) throw new Error('The first attempt fails.');
          },
        },
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
