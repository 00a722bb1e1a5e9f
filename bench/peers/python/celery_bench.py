"""Celery on RabbitMQ: acks_late, confirmed publishes, persistent messages. Usage: celery_bench.py client|worker"""

import multiprocessing
import os
import signal
import sys
import time

import talk

import celery
import kombu
from celery.worker.request import Request

QUEUE = "bench"
PROCESSES = 2
LIMIT = 100

app = celery.Celery("bench", broker=os.environ["BENCH_AMQP"].replace("amqp://", "pyamqp://"))
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    task_default_queue=QUEUE,
    task_default_delivery_mode="persistent",
    broker_transport_options={"confirm_publish": True},
    broker_pool_limit=64,
    worker_prefetch_multiplier=100,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
)


class Shared:
    """What the handlers saw, in memory that the worker's processes share."""

    MOST = 1_000_000

    def __init__(self):
        self.lock = multiprocessing.Lock()
        self.started = multiprocessing.Value("q", 0, lock=False)
        self.first = multiprocessing.Value("q", 0, lock=False)
        self.last = multiprocessing.Value("q", 0, lock=False)
        self.ended = multiprocessing.Value("q", 0, lock=False)
        self.latencies = multiprocessing.Array("q", self.MOST, lock=False)

    def handle(self, sent):
        at = talk.now()
        with self.lock:
            if self.started.value == 0:
                self.first.value = at
            self.last.value = at
            self.latencies[self.started.value] = at - sent
            self.started.value += 1


shared = Shared()


class CountingRequest(Request):
    """Counts the acknowledgements, which the worker's main process sends when a task has ended."""

    def acknowledge(self):
        super().acknowledge()
        with shared.lock:
            shared.ended.value += 1


class CountedTask(celery.Task):
    """A task whose requests are counted."""

    Request = CountingRequest


@app.task(name="bench.noop", base=CountedTask)
def noop(sent, padding):
    """The first line counts."""
    shared.handle(sent)


class Client:
    """The enqueueing side; Celery has no bulk enqueue, so bulk is one by one from one caller."""

    def answer(self, command):
        name, count = command["cmd"], command["count"]
        begin = talk.now()
        if name == "bulk":
            for _ in range(count):
                self.add()
        elif name == "single":
            talk.many_callers(count, command["callers"], self.add)
        elif name == "paced":
            talk.paced(count, command["perSecond"], self.add)
        else:
            raise ValueError(f"No such command: {name}.")
        return {"from": begin, "to": talk.now(), "due": None}

    @staticmethod
    def add():
        noop.apply_async(kwargs=talk.noop(), retry=False)


class Worker:
    """The executing side: the prefork worker as its own process tree below this one, started and ended as asked."""

    def __init__(self):
        self.count = 1
        self.process = None

    def start(self):
        self.process = multiprocessing.Process(target=self.run)
        self.process.start()

    @staticmethod
    def run():
        # The parent's stdin is the bench's.
        sys.stdin = open(os.devnull)
        app.worker_main(["worker", "--pool=prefork", f"--concurrency={PROCESSES}", "--loglevel=ERROR", "-Ofair",
                         "--without-gossip", "--without-mingle", "--without-heartbeat"])

    def stop(self):
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGTERM)
            self.process.join()
            self.process = None

    def expect(self, count):
        self.count = count
        shared.started.value = 0
        shared.ended.value = 0

    def until(self, value, count):
        limit = time.monotonic() + LIMIT
        while value.value < count:
            if time.monotonic() > limit:
                raise TimeoutError(f"After {LIMIT} s, {shared.started.value} jobs had started and {shared.ended.value} had ended.")
            time.sleep(0.002)

    def answer(self, command):
        name = command["cmd"]
        if name == "expect":
            self.expect(command["count"])
        elif name == "drain":
            self.expect(command["count"])
            self.start()
            self.until(shared.started, 1)
            return {"first": shared.first.value}
        elif name == "wait":
            self.until(shared.started, self.count)
            self.until(shared.ended, self.count)
            done = talk.now()
            latencies = sorted(shared.latencies[: self.count])
            return {
                "first": shared.first.value,
                "last": shared.last.value,
                "done": done,
                "p50": latencies[self.count // 2] / 1000,
                "p99": latencies[min(self.count - 1, self.count * 99 // 100)] / 1000,
            }
        elif name == "stop":
            self.stop()
        elif name == "start":
            self.start()
        else:
            raise ValueError(f"No such command: {name}.")
        return {"ok": True}


def main(role):
    if role == "client":
        with app.connection_for_write() as connection:
            app.amqp.queues[QUEUE].bind(connection).declare()
        versions = {"python": sys.version.split()[0], "celery": celery.__version__, "kombu": kombu.__version__}
        talk.say({"ready": True, "versions": versions})
        talk.serve(Client().answer)
    else:
        worker = Worker()
        worker.expect(1)
        worker.start()
        talk.say({"ready": True})
        talk.serve(worker.answer)
        worker.stop()


if __name__ == "__main__":
    main(sys.argv[1])
