import { useEffect, useState } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import { query as queryString } from '../../data/api'
import { followRun } from '../../data/live'
import { useAnswer } from '../../data/query'
import type { ExplanationView, RunChangeView, RunDetailView } from '../../data/types'
import { stateOf } from '../../data/words'
import { Actor, Bar, Chip, Empty, Failed, Id, Link, Loading, PageHead, Panel, Time, useNow } from '../../parts/basics'
import { Payload, pretty } from '../../parts/Payload'
import { Actions } from './Actions'
import { Log } from './Log'
import { Timeline } from './Timeline'
import '../../style/run.css'

const ended = ['succeeded', 'failed', 'canceled']

/** One run: why it is as it is, what it did, and what one can do with it. */
export const RunPage = () => {
  const { params } = useRoute()
  const id = params.id!.toLowerCase()
  const run = useAnswer<RunDetailView>(`runs/${id}`, { when: changes => changes.runs?.ids.includes(id) ?? false })
  const [change, setChange] = useState<RunChangeView>()
  useEffect(() => {
    let state = ''
    setChange(undefined)
    return followRun(id, told => {
      setChange(told)
      const next = `${told.state} ${told.attempt} ${told.stopping}`
      if (state !== '' && next !== state) run.reload()
      state = next
    })
  }, [id])
  if (run.error?.status === 404 || change?.state === 'deleted')
    return (
      <div class="page">
        <PageHead title="Run" />
        <Empty command={`fleet run get ${id}`}>
          There is no run {id}. It may have been deleted, or pruned after its time; its dead letter, if it had one, went with it.
        </Empty>
      </div>
    )
  if (!run.data)
    return (
      <div class="page">
        <PageHead title="Run" />
        {run.error ? <Failed error={run.error} retry={run.reload} /> : <Loading lines={10} />}
      </div>
    )
  return (
    <>
      {run.error && <Failed error={run.error} at={run.at} retry={run.reload} />}
      <Shown run={run.data} change={change} reload={run.reload} />
    </>
  )
}

const Shown = ({ run, change, reload }: { run: RunDetailView; change?: RunChangeView; reload: () => void }) => {
  const now = useNow()
  const state = stateOf(run, now)
  const isOver = ended.includes(run.state)
  const progress = change?.progress ?? run.progress
  const message = change?.progressMessage ?? run.progressMessage
  return (
    <div class="page">
      <PageHead
        title={run.job}
        beside={
          <>
            <Chip word={state} />
            {run.discardedAt && <Chip word="discarded" />}
          </>
        }
      >
        <Actions run={run} done={reload} />
      </PageHead>
      <Facts run={run} />
      <Why id={run.id} />
      {!isOver && (progress !== null || message) && (
        <Panel title="Progress" beside={progress !== null && <span>{Math.round(progress * 100)} %</span>}>
          {progress !== null && <Bar part={progress} label={`${Math.round(progress * 100)} % done`} />}
          {message && (
            <p class="mid">
              <bdi>{message}</bdi>
            </p>
          )}
        </Panel>
      )}
      <Panel title="Timeline">
        <Timeline run={run} />
      </Panel>
      <Parts run={run} isLive={!isOver} />
    </div>
  )
}

const Facts = ({ run }: { run: RunDetailView }) => (
  <p class="facts">
    <Id id={run.id} />
    <span>
      lane <Link to={`runs${queryString({ q: `lane:${run.lane}` })}`}>{run.lane}</Link>
    </span>
    {run.scheduleId && (
      <span>
        schedule{' '}
        <Link to={`schedules/${encodeURIComponent(run.scheduleId)}`}>
          <bdi>{run.scheduleId}</bdi>
        </Link>{' '}
        {run.fireTime && (
          <>
            for <Time at={run.fireTime} />
          </>
        )}
      </span>
    )}
    {run.enqueuedBy && (
      <span>
        by <Actor by={run.enqueuedBy} />
      </span>
    )}
    <span>
      created <Time at={run.createdAt} />
    </span>
    {run.workerName && (
      <span>
        on <bdi>{run.workerName}</bdi>
      </span>
    )}
    {run.idempotencyKey && (
      <span>
        key <bdi>{run.idempotencyKey}</bdi>
      </span>
    )}
    {run.parentId && (
      <span>
        follows <Id id={run.parentId} to={`runs/${run.parentId}`} short />
      </span>
    )}
    {run.tags.map(tag => (
      <span key={tag}>
        <Link to={`runs${queryString({ q: `tag:${JSON.stringify(tag)}` })}`}>
          #<bdi>{tag}</bdi>
        </Link>
      </span>
    ))}
  </p>
)

/** Why the run is as it is, in the words of the server. */
const Why = ({ id }: { id: string }) => {
  const why = useAnswer<ExplanationView>(`runs/${id}/explain`, { when: changes => changes.runs?.ids.includes(id) ?? false, every: 15 })
  return (
    <Panel title="Why">
      {why.error && <Failed error={why.error} />}
      {why.data ? (
        <div class="why">
          <p>{why.data.summary}</p>
          {why.data.now?.reasons.map(reason => (
            <p key={reason.code + reason.text}>{reason.text}</p>
          ))}
          {why.data.sentences.length > 0 && (
            <details>
              <summary class="small mid">What happened, step by step</summary>
              <ol>
                {why.data.sentences.map((sentence, i) => (
                  <li key={i}>
                    {sentence.at && <Time at={sentence.at} />} {sentence.text}
                  </li>
                ))}
              </ol>
            </details>
          )}
        </div>
      ) : (
        !why.error && <Loading lines={2} />
      )}
    </Panel>
  )
}

/** The error as it was stored, with its stack; only what is not the runtime's, if somebody wants that. */
const ErrorPart = ({ run }: { run: RunDetailView }) => {
  const [isMine, setMine] = useState(false)
  const last = run.attempts.findLast(a => a.stack || a.error)
  const whole = [run.error ?? last?.error ?? '', last?.stack ?? ''].filter(Boolean).join('\n')
  const text = isMine
    ? whole
        .split('\n')
        .filter(line => !/^\s+at (System|Microsoft|Fleet)\./.test(line))
        .join('\n')
    : whole
  return (
    <>
      {run.attempts.length > 1 && <Attempts run={run} />}
      <Payload
        name="error"
        text={text}
        raw={`runs/${run.id}/error`}
        beside={
          <label class="small">
            <input type="checkbox" checked={isMine} onChange={e => setMine(e.currentTarget.checked)} /> only my frames
          </label>
        }
      />
    </>
  )
}

const Attempts = ({ run }: { run: RunDetailView }) => (
  <table class="rows attempts">
    <thead>
      <tr>
        <th scope="col">attempt</th>
        <th scope="col">ended</th>
        <th scope="col">outcome</th>
        <th scope="col">error</th>
      </tr>
    </thead>
    <tbody>
      {run.attempts.map((a, i) => (
        <tr key={i}>
          <td data-label="attempt">
            {a.number}
            {a.times > 1 && ` × ${a.times}`}
          </td>
          <td>
            <Time at={a.endedAt} />
          </td>
          <td>{a.outcome ? <Chip word={a.outcome} /> : '–'}</td>
          <td class="says break">
            <bdi>{[a.errorType, a.error].filter(Boolean).join(': ').slice(0, 300)}</bdi>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const History = ({ run }: { run: RunDetailView }) => (
  <ol class="panels history">
    {run.lineage.map(replay => (
      <li key={replay.number}>
        <Time at={replay.at} /> replayed by <Actor by={replay.by} />: it had {replay.fromState ?? 'ended'} after {replay.fromAttempt}{' '}
        {replay.fromAttempt === 1 ? 'attempt' : 'attempts'}
        {replay.fromError && (
          <>
            : <bdi>{replay.fromError.slice(0, 300)}</bdi>
          </>
        )}
        {replay.fromArgs !== null && replay.fromArgs !== undefined && (
          <details>
            <summary class="small">args before</summary>
            <pre class="payload">{pretty(replay.fromArgs)}</pre>
          </details>
        )}
      </li>
    ))}
    {run.discardedAt && (
      <li>
        <Time at={run.discardedAt} /> discarded by <Actor by={run.discardedBy} />: <bdi>{run.discardReason}</bdi>
      </li>
    )}
  </ol>
)

/** The long parts of a run, one at a time; which one is in the address. */
const Parts = ({ run, isLive }: { run: RunDetailView; isLive: boolean }) => {
  const { query, path, route } = useLocation()
  const hasError = run.error !== null || run.attempts.some(a => a.error || a.stack)
  const hasHistory = run.lineage.length > 0 || run.discardedAt !== null
  const tabs = [
    ...(hasError ? [{ key: 'error', name: 'Error' }] : []),
    { key: 'log', name: 'Log' },
    { key: 'args', name: 'Args' },
    ...(run.output !== null && run.output !== undefined ? [{ key: 'output', name: 'Output' }] : []),
    ...(hasHistory ? [{ key: 'history', name: `History ${run.lineage.length || ''}` }] : []),
  ]
  const chosen = tabs.find(tab => tab.key === query.part)?.key ?? tabs[0]!.key
  const choose = (key: string) => route(`${path}${queryString({ part: key })}`, true)
  const key = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const next = tabs[(tabs.findIndex(tab => tab.key === chosen) + step + tabs.length) % tabs.length]!
    choose(next.key)
    document.getElementById(`tab-${next.key}`)?.focus()
  }
  return (
    <section class="panel" aria-label="Details">
      <div class="tabs" role="tablist" aria-label="Details" onKeyDown={key}>
        {tabs.map(tab => (
          <button
            key={tab.key}
            type="button"
            role="tab"
            id={`tab-${tab.key}`}
            aria-selected={tab.key === chosen}
            aria-controls="part"
            tabIndex={tab.key === chosen ? 0 : -1}
            onClick={() => choose(tab.key)}
          >
            {tab.name}
          </button>
        ))}
      </div>
      <div class="inside" role="tabpanel" id="part" aria-labelledby={`tab-${chosen}`}>
        {chosen === 'error' && <ErrorPart run={run} />}
        {chosen === 'log' && <Log id={run.id} isLive={isLive} />}
        {chosen === 'args' && <Payload name="args" text={pretty(run.args)} raw={`runs/${run.id}/args`} />}
        {chosen === 'output' && <Payload name="output" text={pretty(run.output)} raw={`runs/${run.id}/output`} />}
        {chosen === 'history' && <History run={run} />}
      </div>
    </section>
  )
}
