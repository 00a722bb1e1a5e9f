import { useState } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import { call } from '../../data/api'
import { duration } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { WorkerActivityView, WorkerDetailView } from '../../data/types'
import { Actor, Chip, Empty, Id, Link, PageHead, Panel, Shown, Time, Took } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { tell } from '../../parts/told'
import { BusyStrip } from './WorkersPage'
import '../../style/lanes.css'

/** One worker: what it executes, what it has executed last, and how to take it out of service. */
export const WorkerPage = () => {
  const id = useRoute().params.id!
  const worker = useAnswer<WorkerDetailView>(`workers/${id}`, { when: changes => changes.workers.includes(id), every: 3 })
  const activity = useAnswer<WorkerActivityView>(`workers/${id}/activity`, { every: 10 })
  const [isDraining, setDraining] = useState(false)
  const [reason, setReason] = useState('')
  const drain = async () => {
    await call(`workers/${id}/drain`, { body: { reason: reason || null } })
    tell('It takes no new runs.')
    worker.reload()
  }
  const resume = async () => {
    await call(`workers/${id}/resume`, { method: 'POST' })
    tell('It takes runs again.')
    worker.reload()
  }
  return (
    <div class="page">
      <PageHead title={worker.data?.name ?? 'Worker'} beside={worker.data && <Chip word={worker.data.state} />}>
        {worker.data &&
          may('operate') &&
          worker.data.state !== 'gone' &&
          (worker.data.drainSince ? (
            <button type="button" onClick={resume}>
              Resume
            </button>
          ) : (
            <button type="button" onClick={() => setDraining(true)}>
              Drain
            </button>
          ))}
      </PageHead>
      <Shown answer={worker} lines={8}>
        {of => (
          <>
            <p class="facts">
              <Id id={of.id} />
              <span>
                {of.program} {of.version}
              </span>
              <span>
                on <bdi>{of.machine}</bdi>, process {of.processId}
              </span>
              <span>
                since <Time at={of.startedAt} />
              </span>
              {Object.entries(of.lanes).map(([lane, slots]) => (
                <span key={lane}>
                  <bdi>{lane}</bdi> {of.busy[lane] ?? 0} / {slots}
                </span>
              ))}
            </p>
            {of.drainSince && of.state !== 'gone' && (
              <p class="notice retry">
                Drained since <Time at={of.drainSince} /> by <Actor by={of.drainBy} />
                {of.drainReason && (
                  <>
                    : <bdi>{of.drainReason}</bdi>
                  </>
                )}
                . It takes no new runs.
              </p>
            )}
            <Panel title="Slots in use, 10 min">
              <BusyStrip worker={of} />
            </Panel>
            <Panel title="Executes now" flush>
              {of.runs.length === 0 ? (
                <Empty>It executes nothing.</Empty>
              ) : (
                <table class="rows">
                  <thead>
                    <tr>
                      <th scope="col">job</th>
                      <th scope="col">lane</th>
                      <th scope="col">run</th>
                      <th scope="col" class="num">
                        attempt
                      </th>
                      <th scope="col" class="num">
                        for
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {of.runs.map(run => (
                      <tr key={run.id}>
                        <td class="first-line">
                          <Link to={`runs/${run.id}`} class="name">
                            <bdi>{run.job}</bdi>
                          </Link>
                        </td>
                        <td>
                          <bdi>{run.lane}</bdi>
                        </td>
                        <td>
                          <Id id={run.id} short />
                        </td>
                        <td class="num" data-label="attempt">
                          {run.attempt}
                        </td>
                        <td class="num">
                          <Took from={run.startedAt} until={null} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              )}
            </Panel>
            <Panel
              title="Ended last"
              beside={activity.data && activity.data.leftOut > 0 && <span class="small weak">{activity.data.leftOut} more</span>}
              flush
            >
              {activity.data?.ended.length ? (
                <table class="rows">
                  <thead>
                    <tr>
                      <th scope="col">outcome</th>
                      <th scope="col">job</th>
                      <th scope="col">started</th>
                      <th scope="col" class="num">
                        took
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {activity.data.ended.slice(0, 30).map(bar => (
                      <tr key={`${bar.run} ${bar.attempt}`}>
                        <td>
                          <Chip word={bar.outcome} />
                        </td>
                        <td class="first-line">
                          <Link to={`runs/${bar.run}`}>
                            <bdi>{bar.job}</bdi>
                          </Link>
                        </td>
                        <td>
                          <Time at={bar.startedAt} />
                        </td>
                        <td class="num">{duration(bar.seconds)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              ) : (
                <Empty>Nothing has ended here in the last ten minutes.</Empty>
              )}
            </Panel>
          </>
        )}
      </Shown>
      {isDraining && (
        <Act title="Drain the worker" verb="Drain" run={drain} close={() => setDraining(false)}>
          <p>It takes no new runs. Those that it executes go on to their end.</p>
          <Field label="Reason (optional)">
            <input maxLength={500} value={reason} onInput={e => setReason(e.currentTarget.value)} />
          </Field>
        </Act>
      )}
    </div>
  )
}
