import { duration, seconds } from '../../data/format'
import { useAnswer } from '../../data/query'
import type { WorkerActivityView, WorkerView, WorkerViewPage } from '../../data/types'
import { Actor, Chip, Empty, Link, PageHead, Shown, Time } from '../../parts/basics'
import { Spark } from '../../parts/charts/Spark'
import '../../style/lanes.css'

const parts = 60

/** The busy slots of each of 60 parts of the time; null where the worker said nothing. */
const strip = (activity: WorkerActivityView): (number | null)[] => {
  const from = Date.parse(activity.from)
  const step = (Date.parse(activity.until) - from) / parts
  const busy: (number | null)[] = Array(parts).fill(null)
  for (const lane of activity.lanes)
    for (const sample of lane.samples) {
      const at = Math.min(parts - 1, Math.max(0, Math.floor((Date.parse(sample.at) - from) / step)))
      busy[at] = (busy[at] ?? 0) + sample.busy
    }
  return busy
}

/** How many slots of a worker were in use over ten minutes. */
export const BusyStrip = ({ worker }: { worker: WorkerView }) => {
  const activity = useAnswer<WorkerActivityView>(worker.state === 'gone' ? null : `workers/${worker.id}/activity`, { every: 10 })
  const slots = Object.values(worker.lanes).reduce((sum, of) => sum + of, 0)
  return activity.data ? (
    <Spark
      values={strip(activity.data)}
      top={slots}
      tone="running"
      label={`Slots in use over 10 minutes; now ${worker.running} of ${slots}`}
    />
  ) : (
    <span class="weak">–</span>
  )
}

/** The processes that execute runs. */
export const WorkersPage = () => {
  const workers = useAnswer<WorkerViewPage>('workers', { when: changes => changes.workers.length > 0, every: 5 })
  return (
    <div class="page">
      <PageHead title="Workers" />
      <section class="panel" aria-label="Workers">
        <Shown answer={workers}>
          {page =>
            page.items.length === 0 ? (
              <Empty command="dotnet run --project src/Worker">No worker has ever registered. Start one:</Empty>
            ) : (
              <table class="rows workers">
                <thead>
                  <tr>
                    {['worker', 'state', 'lanes', 'busy, 10 min', 'slots', 'version', 'heartbeat'].map(name => (
                      <th scope="col" key={name} class={name === 'slots' ? 'num' : ''}>
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {page.items.map(worker => (
                    <Row key={worker.id} worker={worker} />
                  ))}
                </tbody>
              </table>
            )
          }
        </Shown>
      </section>
    </div>
  )
}

const Row = ({ worker }: { worker: WorkerView }) => {
  const slots = Object.values(worker.lanes).reduce((sum, of) => sum + of, 0)
  return (
    <tr class={worker.state === 'gone' ? 'weak' : ''}>
      <td class="first-line">
        <Link to={`workers/${worker.id}`} class="name">
          <bdi>{worker.name}</bdi>
        </Link>
        {worker.drainSince && worker.state !== 'gone' && (
          <p class="small retry">
            drained by <Actor by={worker.drainBy} />
            {worker.drainReason && (
              <>
                : <bdi>{worker.drainReason}</bdi>
              </>
            )}
          </p>
        )}
      </td>
      <td>
        <Chip word={worker.state} />
      </td>
      <td class="wide-only">
        <bdi>{Object.keys(worker.lanes).join(', ')}</bdi>
      </td>
      <td class="break">
        <BusyStrip worker={worker} />
      </td>
      <td class="num" data-label="slots">
        {worker.running} / {slots}
      </td>
      <td data-label="version">{worker.version}</td>
      <td>
        {worker.state === 'gone' ? (
          <>
            gone, last heard <Time at={worker.heartbeatAt} />
          </>
        ) : (
          `${duration(Math.round((seconds(worker.heartbeatAge) ?? 0) * 10) / 10)} ago`
        )}
      </td>
    </tr>
  )
}
