import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import { query as queryString } from '../../data/api'
import { many, whole } from '../../data/format'
import { followRun, serverNow } from '../../data/live'
import { type Answer, useAnswer } from '../../data/query'
import { may } from '../../data/session'
import { runsOf, term } from '../../data/terms'
import type { ChangesView, ExplanationView, RunChangeView, RunDetailView } from '../../data/types'
import { hasEnded } from '../../data/words'
import { Actor, Bar, Chip, Empty, Failed, href, Id, Link, PageHead, Shown, Time, Took } from '../../parts/basics'
import { Payload, pretty } from '../../parts/Payload'
import { errorText, ownFrames } from '../../parts/text'
import { type Action, Actions, actionsOf } from './Actions'
import { Log, useLog } from './Log'
import { Timeline } from './Timeline'
import { stateNow } from './timeline'
import { Sentences, Why } from './Why'
import '../../style/run.css'

const tabs = ['error', 'log', 'args', 'output', 'replays', 'history'] as const
type Tab = (typeof tabs)[number]

/** A run with what its events said since it was read. */
const useRun = (id: string) => {
  const mentions = (changes: ChangesView) => changes.runs?.ids.includes(id) ?? false
  const answer = useAnswer<RunDetailView>(`runs/${encodeURIComponent(id)}`, { when: mentions })
  const explained = useAnswer<ExplanationView>(`runs/${encodeURIComponent(id)}/explain`, { when: mentions, every: 30 })
  const [told, setTold] = useState<RunChangeView>()
  const run = answer.data
  const isActive = run !== undefined && !hasEnded(run.state)
  useEffect(() => (isActive ? followRun(id, setTold) : setTold(undefined)), [id, isActive])

  // An event has less than the run itself: what it does not have is read again.
  const known = run && [run.state, run.attempt, run.startedAt, run.dueAt].join()
  const heard = told && [told.state, told.attempt, told.startedAt, told.dueAt].join()
  useEffect(() => {
    if (heard === undefined || heard === known) return
    answer.reload()
    explained.reload()
  }, [heard])
  const now: RunDetailView | undefined =
    run && told && run.state === told.state && run.attempt === told.attempt
      ? {
          ...run,
          progress: told.progress,
          progressMessage: told.progressMessage,
          cancelRequested: run.cancelRequested || told.stopping,
        }
      : run
  return { answer, explained, run: now }
}

/** A run that is not there: was it deleted, or never? */
const Gone = ({ id, answer, explained }: { id: string; answer: Answer<unknown>; explained: Answer<ExplanationView> }) => (
  <div class="page">
    <PageHead title="Run" />
    <section class="panel">
      {answer.error?.status === 404 || answer.error?.status === 400 ? (
        <Empty command="fleet run list">
          <strong>{answer.error.message}</strong>
          <br />
          {explained.data && (
            <>
              <bdi>{explained.data.summary}</bdi>
              <br />
            </>
          )}
          A run is deleted by a person, or when it is older than runs are kept. <Link to={runsOf(term('id', id))}>Search the id</Link>, or
          see <Link to="runs">all runs</Link>. On the command line:
        </Empty>
      ) : (
        <Failed error={answer.error!} retry={answer.reload} />
      )}
    </section>
  </div>
)

const Facts = ({ run }: { run: RunDetailView }) => (
  <dl class="run-facts small">
    <Fact name="id">
      <Id id={run.id} />
    </Fact>
    <Fact name="lane">
      <Link to={runsOf(term('lane', run.lane))}>
        <bdi>{run.lane}</bdi>
      </Link>
    </Fact>
    {run.scheduleId !== null && (
      <Fact name="schedule">
        <Link to={`schedules/${encodeURIComponent(run.scheduleId)}`}>
          <bdi>{run.scheduleId}</bdi>
        </Link>{' '}
        {run.fireTime && (
          <>
            for <Time at={run.fireTime} />
          </>
        )}
      </Fact>
    )}
    {run.tags.length > 0 && (
      <Fact name={run.tags.length === 1 ? 'tag' : 'tags'}>
        {run.tags.map((tag, i) => (
          <>
            {i > 0 && ', '}
            <Link key={tag} to={runsOf(term('tag', tag))}>
              <bdi>{tag}</bdi>
            </Link>
          </>
        ))}
      </Fact>
    )}
    <Fact name="created">
      <Time at={run.createdAt} />
      {run.enqueuedBy && (
        <>
          {' '}
          by <Actor by={run.enqueuedBy} />
        </>
      )}
    </Fact>
    {run.startedAt && (
      <Fact name={run.finishedAt ? 'took' : 'runs for'}>
        <Took from={run.startedAt} until={run.finishedAt} />
      </Fact>
    )}
    <Fact name="attempts">
      {run.attemptsUsed}
      {run.attemptLimit && ` of ${run.attemptLimit.max}`}
    </Fact>
    {run.workerName && (
      <Fact name="worker">
        <bdi>{run.workerName}</bdi>
      </Fact>
    )}
    {run.parentId && (
      <Fact name="parent">
        <Id id={run.parentId} to={`runs/${run.parentId}`} short />
      </Fact>
    )}
    {run.idempotencyKey && (
      <Fact name="key">
        <code>
          <bdi>{run.idempotencyKey}</bdi>
        </code>
      </Fact>
    )}
    {run.canceledBy && (
      <Fact name="canceled by">
        <Actor by={run.canceledBy} />
      </Fact>
    )}
    {run.fingerprint && (
      <Fact name="same error">
        <Link to={runsOf(term('fingerprint', run.fingerprint))}>its runs</Link>
      </Fact>
    )}
  </dl>
)

const Fact = ({ name, children }: { name: string; children: preact.ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

/** The error of the attempt that was chosen, or of the last one that has one. */
const ErrorOf = ({ run, attempt }: { run: RunDetailView; attempt: number | undefined }) => {
  const [isOwn, setOwn] = useState(true)
  const failed = run.attempts.filter(a => a.error !== null || a.errorType !== null)
  const chosen = failed.findLast(a => a.number === attempt) ?? failed.at(-1)
  const text = chosen ? errorText(chosen) : errorText({ ...run, stack: null })
  const own = useMemo(() => ownFrames(text), [text])
  if (!text) return <Empty>No attempt has failed.</Empty>
  return (
    <Payload
      text={isOwn ? own : text}
      name="error"
      raw={chosen === failed.at(-1) && run.error !== null ? `runs/${run.id}/error` : undefined}
      beside={
        <>
          {own !== text && (
            <label class="small nowrap">
              <input type="checkbox" checked={isOwn} onChange={e => setOwn(e.currentTarget.checked)} /> only my frames
            </label>
          )}
          {failed.length > 1 && chosen && (
            <span class="small mid">
              of attempt {chosen.number}; {many(failed.length, 'attempt')} failed
            </span>
          )}
        </>
      }
    />
  )
}

const Json = ({ of, name, raw }: { of: unknown; name: string; raw: string }) => {
  const text = useMemo(() => pretty(of), [of])
  return <Payload text={text} name={name} raw={raw} />
}

const Replays = ({ run }: { run: RunDetailView }) =>
  run.lineage.length === 0 ? (
    <Empty>It was never replayed.</Empty>
  ) : (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">replay</th>
          <th scope="col">at</th>
          <th scope="col">by</th>
          <th scope="col">before</th>
          <th scope="col">error before</th>
        </tr>
      </thead>
      <tbody>
        {run.lineage.map(r => (
          <tr key={r.number}>
            <td class="first-line">{r.number}</td>
            <td>
              <Time at={r.at} />
            </td>
            <td>
              <Actor by={r.by} />
            </td>
            <td>
              {r.fromState ? <Chip word={r.fromState} /> : '–'} <span class="weak small">attempt {r.fromAttempt}</span>
            </td>
            <td class="says break">
              <bdi>{r.fromError ?? '–'}</bdi>
              {r.fromArgs !== null && r.fromArgs !== undefined && (
                <details>
                  <summary>args before</summary>
                  <pre class="payload">{pretty(r.fromArgs)}</pre>
                </details>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )

/** One run: why it is as it is, what its attempts did, and all it has written. */
export const RunPage = () => {
  const { params } = useRoute()
  const id = (params.id ?? '').toLowerCase()
  const { answer, explained, run } = useRun(id)
  return answer.error && answer.error.status < 500 && answer.error.status !== 0 && answer.error.status !== 429 ? (
    <Gone id={id} answer={answer} explained={explained} />
  ) : (
    <div class="page run">
      {!run && <PageHead title="Run" />}
      <Shown answer={answer} lines={12}>
        {() => <Told key={id} run={run!} reload={answer.reload} explained={explained} />}
      </Shown>
    </div>
  )
}

const Told = ({ run, reload, explained }: { run: RunDetailView; reload: () => void; explained: Answer<ExplanationView> }) => {
  const { query, path, route } = useLocation()
  const [action, choose] = useState<Action>()
  const hasError = run.error !== null || run.attempts.some(a => a.error !== null)
  // What one comes for, when the page opens: it does not switch by itself after that.
  const first = useRef<Tab>(
    run.state === 'failed' || (run.state === 'pending' && hasError)
      ? 'error'
      : run.state === 'running'
        ? 'log'
        : run.output !== null
          ? 'output'
          : 'args',
  ).current
  const tab: Tab = tabs.find(t => t === query.tab) ?? first
  const isLive = run.state === 'running'
  const log = useLog(run.id, !hasEnded(run.state), true)
  const at = (parts: Record<string, string | number | undefined>) => `runs/${run.id}${queryString(parts)}`
  const state = stateNow(run, serverNow())
  const labels: Partial<Record<Tab, string>> = {
    log: log.lines.length ? `log ${whole(log.lines.length)}` : 'log',
    replays: `replays ${run.lineage.length}`,
  }
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.key !== 'r') return
      if ((event.target as HTMLElement).closest('input, textarea, select, dialog')) return
      if (may('operate') && actionsOf(run).includes('replay')) choose('replay')
    }
    document.addEventListener('keydown', key)
    return () => document.removeEventListener('keydown', key)
  }, [run])
  useEffect(() => {
    document.title = `${state} ${run.job} – Fleet`
  }, [state, run.job])
  const moved = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? tabs.length - 1 : 0
    if (!step) return
    event.preventDefault()
    const next = tabs[(tabs.indexOf(tab) + step) % tabs.length]!
    route(href(at({ tab: next })), true)
    document.getElementById(`tab-${next}`)?.focus()
  }
  return (
    <>
      <PageHead title={run.job} beside={<Chip word={state} />}>
        <Actions run={run} done={reload} action={action} choose={choose} />
      </PageHead>
      <Facts run={run} />
      {run.discardedAt && (
        <p class="notice">
          Discarded as a dead letter <Time at={run.discardedAt} /> by <Actor by={run.discardedBy} />
          {run.discardReason && (
            <>
              : <bdi>{run.discardReason}</bdi>
            </>
          )}
        </p>
      )}
      {(isLive || state === 'canceling') && run.progress !== null && (
        <p class="progress">
          <Bar part={run.progress} label={`${Math.round(run.progress * 100)} % done`} />
          <b>{Math.round(run.progress * 100)} %</b> <bdi class="mid">{run.progressMessage}</bdi>
        </p>
      )}
      <Why answer={explained} history={at({ tab: 'history' })} />
      <section class="panel" aria-label="Attempts">
        <div class="inside">
          <Timeline run={run} to={attempt => at({ tab: 'error', attempt })} />
        </div>
      </section>
      <section class="panel" aria-label="Details">
        <div class="tabs" role="tablist" aria-label="What the run has" onKeyDown={moved}>
          {tabs.map(t => (
            <button
              key={t}
              type="button"
              role="tab"
              id={`tab-${t}`}
              aria-selected={t === tab}
              aria-controls="tab-shown"
              tabIndex={t === tab ? 0 : -1}
              onClick={() => route(path + queryString({ tab: t }), true)}
            >
              {labels[t] ?? t}
            </button>
          ))}
        </div>
        <div class="tab-shown" role="tabpanel" id="tab-shown" aria-labelledby={`tab-${tab}`}>
          {tab === 'error' && <ErrorOf run={run} attempt={query.attempt === undefined ? undefined : Number(query.attempt)} />}
          {tab === 'log' && <Log id={run.id} log={log} isLive={!hasEnded(run.state)} />}
          {tab === 'args' && <Json of={run.args} name="args" raw={`runs/${run.id}/args`} />}
          {tab === 'output' &&
            (run.output === null ? (
              <Empty>{hasEnded(run.state) ? 'The run has no output.' : 'A run has its output when it has succeeded.'}</Empty>
            ) : (
              <Json of={run.output} name="output" raw={`runs/${run.id}/output`} />
            ))}
          {tab === 'replays' && <Replays run={run} />}
          {tab === 'history' && <Shown answer={explained}>{e => <Sentences of={e.sentences} here={run.id} />}</Shown>}
        </div>
      </section>
    </>
  )
}
