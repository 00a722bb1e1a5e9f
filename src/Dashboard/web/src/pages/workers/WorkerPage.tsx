import { useRoute } from 'preact-iso'
import * as format from '../../data/format'
import { useAnswer } from '../../data/query'
import type { AttemptBarView, WorkerActivityView, WorkerDetailView } from '../../data/types'
import { tone } from '../../data/words'
import { Ago, Chip, Empty, Id, Link, PageHead, Panel, Shown, Since, Time } from '../../parts/basics'
import '../../style/workers.css'
import { DrainedBy, LanesOf, SlotStrip, slotsOf, stuckRuns, WorkerAction } from './parts'
import { packed, stripWords } from './strips'

const mostRows = 40
const rowHeight = 10
const span = 600_000

const barWords = (bar: AttemptBarView) =>
  `${bar.job}, attempt ${bar.attempt}: ${bar.outcome}, from ${format.clock(bar.startedAt)}, ${format.duration(bar.seconds)}`

/** Attempts as bars over ten minutes. */
const Bars = ({ of }: { of: WorkerActivityView }) => {
  const { rows, leftOut } = packed([...of.ended, ...of.running], mostRows)
  const begin = Date.parse(of.from)
  const x = (at: number) => Math.max(0, ((at - begin) / span) * 600)
  const all = of.ended.length + of.running.length
  if (all === 0) return <Empty>No attempt of {format.duration(of.shortestDrawn)} or longer in the last 10 min.</Empty>
  const missing = leftOut + of.leftOut
  return (
    <>
      <svg
        class="attempt-bars"
        viewBox={`0 0 600 ${rows.length * rowHeight}`}
        height={rows.length * rowHeight}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${format.many(all, 'attempt')} from ${format.clock(of.from)} to ${format.clock(of.until)}; the table below lists them.`}
      >
        {rows.flatMap((row, y) =>
          row.map(bar => {
            const start = Date.parse(bar.startedAt)
            const left = x(start)
            return (
              <rect
                key={`${bar.run}/${bar.attempt}`}
                class={tone(bar.outcome)}
                x={left}
                y={y * rowHeight + 1}
                width={Math.max(1, x(start + bar.seconds * 1000) - left)}
                height={rowHeight - 2}
              >
                <title>{barWords(bar)}</title>
              </rect>
            )
          }),
        )}
      </svg>
      <div class="strip-axis micro weak" aria-hidden="true">
        <span>{format.minute(of.from)}</span>
        <span>{format.minute(of.until)}</span>
      </div>
      {missing > 0 && <p class="small weak">{format.many(missing, 'attempt')} more are not drawn.</p>}
      {of.ended.length > 0 && (
        <details>
          <summary>Table of the {format.many(of.ended.length, 'attempt')} that ended</summary>
          <table class="rows">
            <thead>
              <tr>
                <th scope="col">Outcome</th>
                <th scope="col">Job</th>
                <th scope="col" class="num">
                  Attempt
                </th>
                <th scope="col">Started</th>
                <th scope="col" class="num">
                  Took
                </th>
              </tr>
            </thead>
            <tbody>
              {[...of.ended]
                .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
                .map(bar => (
                  <tr key={`${bar.run}/${bar.attempt}`}>
                    <td>
                      <Chip word={bar.outcome} />
                    </td>
                    <td class="first-line">
                      <Link to={`runs/${bar.run}`}>
                        <bdi>{bar.job}</bdi>
                      </Link>
                    </td>
                    <td class="num" data-label="attempt">
                      {bar.attempt}
                    </td>
                    <td>
                      <Time at={bar.startedAt} />
                    </td>
                    <td class="num">{format.duration(bar.seconds)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </details>
      )}
    </>
  )
}

/** One worker: what it executes, and how it used its slots. */
export const WorkerPage = () => {
  const { params } = useRoute()
  const route = `workers/${encodeURIComponent(params.id ?? '')}`
  const answer = useAnswer<WorkerDetailView>(route, { when: c => c.workers.includes(params.id ?? ''), every: 5 })
  const activity = useAnswer<WorkerActivityView>(`${route}/activity`, { every: 10 })
  const stuck = stuckRuns()
  const worker = answer.data
  return (
    <div class="page">
      <PageHead title={worker?.name ?? 'Worker'} beside={worker && <Chip word={worker.state} />}>
        {worker && <WorkerAction of={worker} done={answer.reload} />}
      </PageHead>
      <Shown answer={answer}>
        {of => (
          <>
            <p class="facts">
              <Id id={of.id} />
              <span>
                <bdi>{of.program}</bdi> <b>{of.version}</b>
              </span>
              <span>
                on <bdi>{of.machine}</bdi>, process {of.processId}
              </span>
              <span>
                lanes <LanesOf of={of} />
              </span>
              <span>
                busy{' '}
                <b>
                  {of.running}/{slotsOf(of)}
                </b>
              </span>
              <span>
                started <Time at={of.startedAt} />
              </span>
              <span>
                {of.state === 'gone' ? 'last heard' : 'heartbeat'} <Ago at={of.heartbeatAt} />
              </span>
            </p>
            {of.state === 'gone' && (
              <p class="notice bad">
                Gone: its process has ended, or was silent for a whole lease. Last heard at <Time at={of.heartbeatAt} />. Other workers take
                over the runs that it executed.
              </p>
            )}
            {of.drainSince && (
              <p class="notice retry">
                <DrainedBy of={of} />
              </p>
            )}
            <Panel title="Runs now" flush>
              {of.runs.length === 0 ? (
                <Empty>It executes no run now.</Empty>
              ) : (
                <div class="scroller">
                  <table class="rows">
                    <thead>
                      <tr>
                        <th scope="col">Job</th>
                        <th scope="col">Run</th>
                        <th scope="col">Lane</th>
                        <th scope="col" class="num">
                          Attempt
                        </th>
                        <th scope="col" class="num">
                          For
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {of.runs.map(run => (
                        <tr key={run.id}>
                          <td class="first-line">
                            <Link class="name" to={`runs/${run.id}`}>
                              <bdi>{run.job}</bdi>
                            </Link>{' '}
                            {stuck.has(run.id) && <span class="chip bad">■ stuck</span>}
                          </td>
                          <td>
                            <Id id={run.id} short />
                          </td>
                          <td data-label="lane">
                            <bdi>{run.lane}</bdi>
                          </td>
                          <td class="num" data-label="attempt">
                            {run.attempt}
                          </td>
                          <td class="num">{run.startedAt ? <Since at={run.startedAt} /> : '–'}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
            </Panel>
          </>
        )}
      </Shown>
      <Panel title="Busy slots, last 10 min">
        <Shown answer={activity}>
          {of =>
            of.lanes.length === 0 ? (
              <p class="weak">It wrote no figures in the last 10 min.</p>
            ) : (
              <div class="panels">
                {of.lanes.map(lane => (
                  <figure key={lane.lane}>
                    <figcaption class="small">
                      <bdi class="name">{lane.lane}</bdi> <span class="weak">{stripWords(lane.samples)}</span>
                    </figcaption>
                    <SlotStrip samples={lane.samples} from={of.from} />
                    <div class="strip-axis micro weak" aria-hidden="true">
                      <span>{format.minute(of.from)}</span>
                      <span>{format.minute(of.until)}</span>
                    </div>
                  </figure>
                ))}
              </div>
            )
          }
        </Shown>
      </Panel>
      <Panel title="Attempts, last 10 min">
        <Shown answer={activity}>{of => <Bars of={of} />}</Shown>
      </Panel>
      {worker && worker.jobs.length > 0 && (
        <Panel title="Jobs that it knows">
          <ul class="job-names">
            {worker.jobs.map(job => (
              <li key={job}>
                <Link to={`jobs/${encodeURIComponent(job)}`}>
                  <bdi>{job}</bdi>
                </Link>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  )
}
