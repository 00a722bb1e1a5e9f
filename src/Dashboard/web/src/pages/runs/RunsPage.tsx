import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { call, query as queryString } from '../../data/api'
import { duration, shortCount } from '../../data/format'
import { serverNow } from '../../data/live'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { ChangesView, RunCountView, RunPageView, RunView } from '../../data/types'
import { stateOf } from '../../data/words'
import { Ago, Chip, Empty, href, Id, Link, PageHead, Shown, Time, Took } from '../../parts/basics'
import { Operate } from '../../parts/operate'
import { QueryBar } from './QueryBar'
import { append, type Rows, renew, showFresh, update } from './rows'
import { Selection } from './Selection'
import { statesOf, withStates } from './terms'
import { Views } from './Views'
import '../../style/runs.css'

const size = 50
const facets = ['scheduled', 'ready', 'running', 'succeeded', 'failed', 'canceled']
const changedRuns = (changes: ChangesView) => changes.runs !== null

/** The rows of a query, and what comes below them. */
const useRows = (query: string) => {
  const answer = useAnswer<RunPageView>(`runs${queryString({ q: query, limit: size })}`, { when: changedRuns, every: 30 })
  const [rows, setRows] = useState<Rows & { of: string }>()
  const [below, setBelow] = useState<Pick<RunPageView, 'next' | 'scanned'>>()
  const mine = rows?.of === query ? rows : undefined

  useEffect(() => {
    if (!answer.data) return
    const { items, next, scanned } = answer.data
    setRows(before => ({ ...renew(before?.of === query ? before : undefined, items), of: query }))
    setBelow(before => (mine && before ? before : { next, scanned }))
    // Rows that the first page does not have any more are asked for by their ids.
    const answered = new Set(items.map(run => run.id))
    const others = mine?.shown.filter(run => !answered.has(run.id) && !['succeeded', 'failed', 'canceled'].includes(run.state)).slice(0, 30)
    if (others?.length)
      call<RunPageView>(`runs${queryString({ q: `id:${others.map(run => run.id).join(',')}`, limit: size })}`)
        .then(page => setRows(before => before && { ...update(before, page.items), of: before.of }))
        .catch(() => {})
  }, [answer.data])

  const goOn = async () => {
    if (!below?.next) return
    const page = await call<RunPageView>(`runs${queryString({ q: query, limit: size, cursor: below.next })}`)
    setRows(before => before && { ...append(before, page.items), of: before.of })
    setBelow({ next: page.next, scanned: page.scanned })
  }
  const fresh = () => setRows(before => before && { ...showFresh(before), of: before.of })
  return { answer, rows: mine, below, goOn, fresh }
}

/** The runs that match a query, live. */
export const RunsPage = () => {
  const { query: parameters, route } = useLocation()
  const query = parameters.q ?? ''
  const search = (q: string) => route(href(`runs${queryString({ q })}`))
  const { answer, rows, below, goOn, fresh } = useRows(query)
  const counts = useAnswer<RunCountView>(`runs/count${queryString({ q: withStates(query, []), by: 'state' })}`, {
    when: changedRuns,
    every: 30,
  })
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [all, setAll] = useState<'replay' | 'cancel' | 'delete'>()
  useEffect(() => setPicked(new Set()), [query])
  const shown = rows?.shown ?? []
  const chosen = shown.filter(run => picked.has(run.id))
  const toggle = (id: string) =>
    setPicked(before => {
      const next = new Set(before)
      if (!next.delete(id)) next.add(id)
      return next
    })
  const states = statesOf(query)
  return (
    <div class="page full">
      <PageHead title="Runs">
        <Views query={query} search={search} />
        {may('submit') && (
          <Link class="button primary" to="jobs">
            Enqueue…
          </Link>
        )}
      </PageHead>
      <QueryBar query={query} error={answer.error} search={search} />
      <fieldset class="facets" aria-label="States">
        {facets.map(state => {
          const isOn = states.includes(state)
          return (
            <button
              key={state}
              type="button"
              aria-pressed={isOn}
              class={isOn ? 'on' : ''}
              onClick={() => search(withStates(query, isOn ? [] : [state]))}
            >
              {state} <b>{shortCount(counts.data?.states?.[state])}</b>
            </button>
          )
        })}
      </fieldset>
      <section class="panel" aria-label="Found">
        <p class="fresh" role="status">
          {rows && rows.fresh.length > 0 && (
            <button type="button" class="linklike" onClick={fresh}>
              ▲ {rows.fresh.length === size ? `${size}+` : rows.fresh.length} new
            </button>
          )}
        </p>
        <Shown answer={answer} lines={12}>
          {() =>
            shown.length === 0 ? (
              query ? (
                <Empty>No run matches this query.</Empty>
              ) : (
                <Empty command="fleet run enqueue diag.echo">
                  Nothing has run yet. Enqueue a run from the page of its job, or on the command line:
                </Empty>
              )
            ) : (
              <Table runs={shown} picked={picked} toggle={toggle} pickAll={on => setPicked(new Set(on ? shown.map(run => run.id) : []))} />
            )
          }
        </Shown>
        {shown.length > 0 && (
          <footer class="below">
            {chosen.length > 0 ? (
              <Selection runs={chosen} query={query} all={setAll} done={() => setPicked(new Set())} />
            ) : (
              <p class="mid small">
                {shown.length} {shown.length === 1 ? 'run' : 'runs'}
                {below?.scanned.backTo && !below.scanned.complete && (
                  <>
                    {' '}
                    · looked back to <Time at={below.scanned.backTo} />
                  </>
                )}
                {below?.next && (
                  <>
                    {' '}
                    ·{' '}
                    <button type="button" class="linklike" onClick={goOn}>
                      go on
                    </button>
                  </>
                )}
              </p>
            )}
          </footer>
        )}
      </section>
      {all && <Operate kind={all} query={query} of="These are all runs that match the query." close={() => setAll(undefined)} />}
    </div>
  )
}

/** What a row says at its end: the error, the progress, or when it goes on. */
const Says = ({ run, state }: { run: RunView; state: string }) => {
  if (state === 'running')
    return (
      <>
        {run.progress !== null && `${Math.round(run.progress * 100)} % `}
        <bdi>{run.progressMessage ?? ''}</bdi>
        {run.cancelRequested && ' is being canceled'}
      </>
    )
  if (state === 'retrying')
    return (
      <>
        <bdi>{run.errorType ?? ''}</bdi> again <Ago at={run.dueAt} />
      </>
    )
  if (state === 'scheduled')
    return (
      <>
        starts <Ago at={run.dueAt} />
      </>
    )
  return <bdi>{run.errorType ?? run.progressMessage ?? ''}</bdi>
}

const Table = ({
  runs,
  picked,
  toggle,
  pickAll,
}: {
  runs: RunView[]
  picked: ReadonlySet<string>
  toggle: (id: string) => void
  pickAll: (on: boolean) => void
}) => {
  const { route } = useLocation()
  const body = useRef<HTMLTableSectionElement>(null)
  const mayChange = may('operate')

  // j and k move, x picks, Enter opens: as in mail programs.
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        (event.target as HTMLElement).closest('input:not([type=checkbox]), textarea, select, dialog')
      )
        return
      const rows = [...(body.current?.rows ?? [])]
      const at = rows.findIndex(row => row.contains(document.activeElement))
      if (event.key === 'j' || event.key === 'k') rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === 'j' ? 1 : -1)))]?.focus()
      else if (at < 0) return
      else if (event.key === 'x' && mayChange) toggle(runs[at]!.id)
      else if (event.key === 'Enter' && document.activeElement === rows[at]) route(href(`runs/${runs[at]!.id}`))
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', key)
    return () => document.removeEventListener('keydown', key)
  }, [runs, toggle])

  return (
    <table class="rows runs">
      <thead>
        <tr>
          {mayChange && (
            <th scope="col" class="pick">
              <input
                type="checkbox"
                aria-label="Select all that are shown"
                checked={picked.size === runs.length}
                onChange={e => pickAll(e.currentTarget.checked)}
              />
            </th>
          )}
          <th scope="col">state</th>
          <th scope="col">job</th>
          <th scope="col">lane</th>
          <th scope="col">run</th>
          <th scope="col" class="num">
            attempt
          </th>
          <th scope="col">at</th>
          <th scope="col" class="num">
            took
          </th>
          <th scope="col">says</th>
        </tr>
      </thead>
      <tbody ref={body}>
        {runs.map(run => {
          const state = stateOf(run, serverNow())
          return (
            <tr key={run.id} tabIndex={-1} class={picked.has(run.id) ? 'picked' : ''}>
              {mayChange && (
                <td class="pick">
                  <input type="checkbox" aria-label={`Select ${run.id}`} checked={picked.has(run.id)} onChange={() => toggle(run.id)} />
                </td>
              )}
              <td class="state">
                <Chip word={state} />
              </td>
              <td class="first-line">
                <Link to={`runs/${run.id}`} class="name">
                  <bdi>{run.job}</bdi>
                </Link>
              </td>
              <td class="wide-only">
                <bdi>{run.lane}</bdi>
              </td>
              <td class="wide-only">
                <Id id={run.id} short />
              </td>
              <td class="num" data-label="attempt">
                {run.attempt}
                {run.maxAttempts !== null && `/${run.maxAttempts}`}
              </td>
              <td>
                <Time at={run.startedAt ?? run.dueAt} />
              </td>
              <td class="num">
                {run.state === 'running' || run.finishedAt ? (
                  <Took from={run.startedAt} until={run.finishedAt} />
                ) : run.startedAt ? (
                  duration(0)
                ) : (
                  '–'
                )}
              </td>
              <td class="says break">
                <Says run={run} state={state} />
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
