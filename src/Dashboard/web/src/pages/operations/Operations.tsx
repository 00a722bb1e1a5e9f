import { useState } from 'preact/hooks'
import { call, query } from '../../data/api'
import { whole } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { OperationView, OperationViewPage } from '../../data/types'
import { Actor, Bar, Chip, Empty, Link, PageHead, Panel, Shown, Time } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { useFilters } from '../../parts/filters'
import { tell } from '../../parts/told'
import '../../style/dead.css'
import { inWords, progress, timeLeft } from './progress'

/** How often what is under way is read again, in seconds. */
export const livePace = 2

/** Ends an operation. */
export const Stop = ({ operation, close, done }: { operation: OperationView; close: () => void; done: () => void }) => {
  const [reason, setReason] = useState('')
  const run = async () => {
    await call<OperationView>(`operations/${operation.id}/cancel`, { body: { reason: reason || null } })
    tell('The operation is stopped.')
    done()
  }
  return (
    <Act title={`Stop this ${operation.kind}`} verb="Stop" danger run={run} close={close}>
      <p>{inWords(operation)}.</p>
      <p class="mid">
        What has been changed stays changed. It cannot be taken up again; a new operation over the same query does the rest.
      </p>
      <Field label="Reason (optional)">
        <input maxLength={500} value={reason} onInput={e => setReason(e.currentTarget.value)} />
      </Field>
    </Act>
  )
}

export const ProgressBar = ({ of }: { of: OperationView }) => (
  <Bar part={progress(of).part} label={inWords(of)} tone={of.failed > 0 ? 'bad' : of.state === 'completed' ? 'good' : ''} />
)

const Row = ({ of, stop }: { of: OperationView; stop: () => void }) => (
  <tr>
    <td class="first-line nowrap">
      <Chip word={of.state} />
    </td>
    <td class="break says-all">
      <Link to={`operations/${of.id}`} class="name">
        {of.kind} {whole(of.matched.value)}
        {of.matched.relation !== 'eq' && '+'}
      </Link>
      <code class="one-line mid" title={of.query}>
        <bdi>{of.query}</bdi>
      </code>
    </td>
    <td class="break progress-cell">
      <ProgressBar of={of} />
      <span class="small mid">{inWords(of)}</span>
    </td>
    <td class="nowrap">
      <span class="small">
        {whole(of.rate)}/s{timeLeft(of) && `, ${timeLeft(of)}`}
      </span>
    </td>
    <td data-label="by">
      <Actor by={of.createdBy} />
    </td>
    <td>
      <Time at={of.createdAt} />
    </td>
    {may('operate') && (
      <td class="num">
        {of.state === 'running' && (
          <button type="button" class="danger small-button" onClick={stop}>
            Stop
          </button>
        )}
      </td>
    )}
  </tr>
)

const states = ['', 'running', 'completed', 'canceled']

/** Changes of many runs at once. */
export const Operations = () => {
  const filters = useFilters()
  const { state, cursor } = filters.set
  const [isFast, setFast] = useState(false)
  const answer = useAnswer<OperationViewPage>(`operations${query({ state, cursor, limit: 50 })}`, { every: isFast ? livePace : 15 })
  const isRunning = answer.data?.items.some(o => o.state === 'running') ?? false
  if (isRunning !== isFast && answer.data) setFast(isRunning)
  const [stopping, stop] = useState<OperationView>()
  return (
    <div class="page">
      <PageHead title="Operations" />
      <div class="filters">
        <label class="filter">
          <span class="micro mid">State</span>
          <select value={state ?? ''} onChange={e => filters.change({ state: e.currentTarget.value })}>
            {(states.includes(state ?? '') ? states : [...states, state!]).map(s => (
              <option key={s} value={s}>
                {s || 'any'}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Panel flush>
        <Shown answer={answer}>
          {page =>
            page.items.length === 0 ? (
              <Empty command="fleet run replay --all-matching 'state:failed since:1h' --dry-run">
                {state || cursor
                  ? 'There are no such operations.'
                  : 'No operation yet. Runs and dead letters can be replayed, canceled or deleted by the thousand; this shows what one would touch:'}
              </Empty>
            ) : (
              <>
                <div class="scroller">
                  <table class="rows">
                    <thead>
                      <tr>
                        <th scope="col">State</th>
                        <th scope="col">What</th>
                        <th scope="col">Progress</th>
                        <th scope="col">Rate</th>
                        <th scope="col">By</th>
                        <th scope="col">Began</th>
                        {may('operate') && (
                          <th scope="col">
                            <span class="unseen">Actions</span>
                          </th>
                        )}
                      </tr>
                    </thead>
                    <tbody>
                      {page.items.map(o => (
                        <Row key={o.id} of={o} stop={() => stop(o)} />
                      ))}
                    </tbody>
                  </table>
                </div>
                {(page.next || cursor) && (
                  <p class="table-foot actions">
                    {cursor && <a href={filters.with({ cursor: undefined })}>Newest</a>}
                    {page.next && <a href={filters.with({ cursor: page.next })}>Older</a>}
                  </p>
                )}
              </>
            )
          }
        </Shown>
      </Panel>
      {stopping && <Stop operation={stopping} close={() => stop(undefined)} done={answer.reload} />}
    </div>
  )
}
