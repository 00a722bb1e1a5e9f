import * as format from '../../data/format'
import { figures } from '../../data/live'
import { useAnswer } from '../../data/query'
import type { WorkerActivityView, WorkerView, WorkerViewPage } from '../../data/types'
import { Ago, Chip, Empty, Link, PageHead, Panel, Shown, Time, useNow } from '../../parts/basics'
import '../../style/workers.css'
import { DrainedBy, LanesOf, SlotStrip, slotsOf, stuckRuns, WorkerAction } from './parts'
import { sumOf } from './strips'
import { useSeen } from './useSeen'

/** The ten minutes of a worker, and its stuck runs; read while it is in view. */
const Activity = ({ of }: { of: WorkerView }) => {
  const [element, isSeen] = useSeen<HTMLDivElement>()
  const { data } = useAnswer<WorkerActivityView>(isSeen ? `workers/${encodeURIComponent(of.id)}/activity` : null, { every: 10 })
  const all = stuckRuns()
  const stuck = data?.running.filter(r => all.has(r.run)).length ?? 0
  return (
    <div ref={element} class="activity">
      {data && <SlotStrip samples={sumOf(data.lanes)} from={data.from} />}
      {stuck > 0 && (
        <Link class="bad small" to={`workers/${encodeURIComponent(of.id)}`}>
          ■ {stuck} stuck
        </Link>
      )}
    </div>
  )
}

const Name = ({ of }: { of: WorkerView }) => (
  <>
    <Link class="name" to={`workers/${encodeURIComponent(of.id)}`}>
      <bdi>{of.name}</bdi>
    </Link>
    <span class="small weak one-line" title={of.program}>
      <bdi>{of.program}</bdi> {of.version}
    </span>
  </>
)

/** The time that all strips share. */
const StripHead = () => {
  const now = useNow()
  return (
    <th scope="col" class="strip-head">
      <span class="strip-axis">
        <span aria-hidden="true">{format.minute(now - 600_000)}</span>
        <span>Busy slots, last 10 min</span>
        <span aria-hidden="true">{format.minute(now)}</span>
      </span>
    </th>
  )
}

const Living = ({ workers, reload }: { workers: WorkerView[]; reload: () => void }) => (
  <table class="rows workers">
    <thead>
      <tr>
        <th scope="col">Worker</th>
        <th scope="col">State</th>
        <th scope="col">Lanes and slots</th>
        <th scope="col" class="num">
          Busy
        </th>
        <StripHead />
        <th scope="col" class="num">
          Heartbeat
        </th>
        <th scope="col">
          <span class="unseen">Actions</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {workers.map(w => (
        <tr key={w.id}>
          <td class="first-line worker-name">
            <Name of={w} />
          </td>
          <td>
            <Chip word={w.state} />
            {w.drainSince && (
              <span class="small mid drained-by">
                <DrainedBy of={w} />
              </span>
            )}
          </td>
          <td class="lanes-cell" data-label="lanes">
            <LanesOf of={w} />
          </td>
          <td class="num" data-label="busy">
            {format.whole(w.running)}/{format.whole(slotsOf(w))}
          </td>
          <td class="break strip-cell">
            <Activity of={w} />
          </td>
          <td class="num" data-label="heartbeat">
            <Ago at={w.heartbeatAt} />
          </td>
          <td class="num">
            <WorkerAction of={w} done={reload} small />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const Gone = ({ workers }: { workers: WorkerView[] }) => (
  <table class="rows workers">
    <thead>
      <tr>
        <th scope="col">Worker</th>
        <th scope="col">Last heard</th>
        <th scope="col">Started</th>
        <th scope="col" class="num">
          Lived
        </th>
        <th scope="col">Lanes and slots</th>
        <th scope="col">Machine, process</th>
        <StripHead />
      </tr>
    </thead>
    <tbody>
      {workers.map(w => (
        <tr key={w.id}>
          <td class="first-line worker-name">
            <Name of={w} />
          </td>
          <td>
            <Chip word="gone" /> <Time at={w.heartbeatAt} />
          </td>
          <td data-label="started">
            <Time at={w.startedAt} />
          </td>
          <td class="num" data-label="lived">
            {format.duration((Date.parse(w.heartbeatAt) - Date.parse(w.startedAt)) / 1000)}
          </td>
          <td class="lanes-cell" data-label="lanes">
            <LanesOf of={w} />
          </td>
          <td>
            <bdi>{w.machine}</bdi>, {w.processId}
          </td>
          <td class="break strip-cell">{(format.seconds(w.heartbeatAge) ?? 601) < 600 && <Activity of={w} />}</td>
        </tr>
      ))}
    </tbody>
  </table>
)

/** All workers: what they do now and did in the last ten minutes, and those that are gone. */
export const WorkersPage = () => {
  const answer = useAnswer<WorkerViewPage>('workers', { when: c => c.workers.length > 0, every: 5 })
  const stuck = (figures.value?.findings ?? []).filter(f => f.code === 'run_stuck')
  return (
    <div class="page full">
      <PageHead title="Workers" />
      {stuck.map(f => (
        <p key={f.link ?? f.sentence} class={`notice ${f.severity === 'error' ? 'bad' : 'retry'}`}>
          {f.sentence} {f.link && <Link to={f.link}>See the run</Link>} <span class="small mid">{f.advice}</span>
        </p>
      ))}
      <Shown answer={answer}>
        {({ items }) => {
          const living = items.filter(w => w.state !== 'gone')
          const gone = items.filter(w => w.state === 'gone')
          return (
            <>
              <Panel title="Here now" flush>
                {living.length === 0 ? (
                  <Empty command="fleet dev">
                    No worker is here, so no run starts. Start a program that adds Fleet with jobs, or for a try:
                  </Empty>
                ) : (
                  <div class="scroller">
                    <Living workers={living} reload={answer.reload} />
                  </div>
                )}
              </Panel>
              {gone.length > 0 && (
                <Panel
                  title="Gone"
                  beside={<span class="small weak">Their process has ended, or was silent for a whole lease.</span>}
                  flush
                >
                  <div class="scroller">
                    <Gone workers={gone} />
                  </div>
                </Panel>
              )}
            </>
          )
        }}
      </Shown>
    </div>
  )
}
