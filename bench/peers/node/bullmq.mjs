// BullMQ: addBulk in batches; a worker with 100 jobs at a time; completed jobs are not kept.
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { client, noop, setting, worker } from './talk.mjs';

const NAME = 'bench';
const connect = () => new Redis(setting('BENCH_REDIS'), { maxRetriesPerRequest: null });
const defaultJobOptions = { removeOnComplete: true, removeOnFail: true };

export async function bullClient() {
  const connection = connect();
  const queue = new Queue(NAME, { connection, defaultJobOptions });
  await queue.waitUntilReady();
  await client(
    {
      add: (args) => queue.add('noop', args),
      async addMany(count, batch, at) {
        for (let i = 0; i < count; i += batch) {
          const opts = at === null ? undefined : { delay: Math.max(0, at.getTime() - Date.now()) };
          await queue.addBulk(Array.from({ length: Math.min(batch, count - i) }, () => ({ name: 'noop', data: noop(), opts })));
        }
      },
      async close() {
        await queue.close();
        connection.disconnect();
      },
    },
    ['bullmq', 'ioredis'],
  );
}

export async function bullWorker() {
  const asking = connect();
  const queue = new Queue(NAME, { connection: asking, defaultJobOptions });
  let running = null;
  let connection = null;
  await worker({
    async start(handle) {
      connection = connect();
      running = new Worker(NAME, async (job) => handle(job.data.sent), { connection, concurrency: 100 });
      await running.waitUntilReady();
    },
    async stop() {
      await running?.close();
      connection?.disconnect();
      running = connection = null;
    },
    async isDone() {
      const counts = await queue.getJobCounts('wait', 'active', 'delayed');
      return Object.values(counts).every((count) => count === 0);
    },
  });
  await queue.close();
  asking.disconnect();
}
