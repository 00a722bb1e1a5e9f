// The bench's language: a command is a line of JSON on stdin, its answer one on stdout. Everything else goes to stderr.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const FILLER = 'x'.repeat(166);

/** Microseconds of CLOCK_MONOTONIC, the same in every process of the machine. */
export const now = () => Number(process.hrtime.bigint() / 1000n);

/** Args of 200 bytes. */
export const noop = () => ({ sent: now(), padding: FILLER });

export const setting = (name) => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; start drivers through bench/run.sh.`);
  return value;
};

const require = createRequire(import.meta.url);

/** The version of an installed package. */
export const version = (name) => {
  // From its entry point up: not every package lets its package.json be required.
  let folder = require.resolve(name);
  for (;;) {
    folder = folder.slice(0, folder.lastIndexOf('/'));
    try {
      const found = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
      if (found.name === name) return found.version;
    } catch {
      // Not here.
    }
  }
};

const say = (answer) => process.stdout.write(JSON.stringify(answer) + '\n');

async function serve(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    if (command.cmd === 'exit') break;
    try {
      say(await answer(command));
    } catch (error) {
      console.error(error);
      say({ error: String(error) });
    }
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function manyCallers(count, callers, call) {
  let next = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next++ < count) await call();
    }),
  );
}

async function paced(count, perSecond, call) {
  const begin = now();
  const calls = [];
  for (let i = 0; i < count; i++) {
    const wait = begin + (i * 1e6) / perSecond - now();
    if (wait > 0) await pause(wait / 1000);
    calls.push(call());
  }
  await Promise.all(calls);
}

/** The enqueueing side: add(args), addMany(count, batch, at), close(); addWay(way, count, batch) where jobs do work. */
export async function client(side, packages) {
  const versions = { node: process.versions.node };
  for (const name of packages) versions[name] = version(name);
  say({ ready: true, versions });
  await serve(async ({ cmd, count, batch, callers, perSecond, seconds, way }) => {
    const from = now();
    let due = null;
    if (cmd === 'way') await side.addWay(way, count, batch);
    else if (cmd === 'bulk') await side.addMany(count, batch, null);
    else if (cmd === 'single') await manyCallers(count, callers, () => side.add(noop()));
    else if (cmd === 'paced') await paced(count, perSecond, () => side.add(noop()));
    else if (cmd === 'due') {
      // A whole second, as all contenders can keep it.
      const at = new Date((Math.floor(Date.now() / 1000) + 1 + seconds) * 1000);
      due = now() + (at.getTime() - Date.now()) * 1000;
      await side.addMany(count, 500, at);
    } else throw new Error(`No such command: ${cmd}.`);
    return { from, to: now(), due };
  });
  await side.close();
}

/** Counts what the handlers saw. */
class Gauge {
  expect(count) {
    this.latencies = [];
    this.count = count;
    this.firstAt = this.lastAt = 0;
    this.first = new Promise((resolve) => (this.onFirst = resolve));
    this.all = new Promise((resolve) => (this.onAll = resolve));
  }

  /** The first line of every handler. */
  handle(sent) {
    const at = now();
    this.latencies.push(at - sent);
    if (this.latencies.length === 1) {
      this.firstAt = at;
      this.onFirst();
    }
    if (this.latencies.length === this.count) {
      this.lastAt = at;
      this.onAll();
    }
  }

  percentile(fraction) {
    const sorted = this.latencies.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] / 1000;
  }
}

const LIMIT_MS = 100_000;

async function within(promise, gauge) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`After ${LIMIT_MS / 1000} s, ${gauge.latencies.length} jobs had started.`)), LIMIT_MS);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Writes the row of a job only if the job's id is new, both in one transaction: the job is completed after it, and may run again. */
export async function effectOnce(connection, job) {
  await connection.query('BEGIN');
  try {
    const done = await connection.query({ name: 'done', text: 'INSERT INTO bench_done (job_id) VALUES ($1) ON CONFLICT DO NOTHING', values: [job] });
    if (done.rowCount === 1) {
      await connection.query({ name: 'effect', text: 'INSERT INTO bench_effects (job_id, "key") VALUES ($1, $2)', values: [job, 'an effect of this job, once'] });
    }
    await connection.query('COMMIT');
  } catch (error) {
    await connection.query('ROLLBACK');
    throw error;
  }
}

/** The executing side: start(handle, way), stop(), isDone(). */
export async function worker(side) {
  const gauge = new Gauge();
  gauge.expect(1);
  const start = (way = 'noop') => side.start((sent) => gauge.handle(sent), way);
  await start();
  say({ ready: true });
  await serve(async ({ cmd, count, way }) => {
    switch (cmd) {
      case 'expect':
        gauge.expect(count);
        return { ok: true };
      case 'drain':
        gauge.expect(count);
        await start();
        await within(gauge.first, gauge);
        return { first: gauge.firstAt };
      case 'begin':
        gauge.expect(count);
        await start(way);
        return { ok: true };
      case 'seen':
        return { started: gauge.latencies.length };
      case 'settled':
        while (!(await side.isDone())) await pause(2);
        return { ok: true };
      case 'wait':
        await within(gauge.all, gauge);
        while (!(await side.isDone())) await pause(2);
        return { first: gauge.firstAt, last: gauge.lastAt, done: now(), p50: gauge.percentile(0.5), p99: gauge.percentile(0.99) };
      case 'stop':
        await side.stop();
        return { ok: true };
      case 'start':
        await start();
        return { ok: true };
      default:
        throw new Error(`No such command: ${cmd}.`);
    }
  });
  await side.stop();
}
