import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { ApiError, call, query as queryString } from '../../data/api'
import { shortCount } from '../../data/format'
import { serverNow } from '../../data/live'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { ChangesView, RunCountView, RunPageView, RunView } from '../../data/types'
import { hasEnded, stateOf } from '../../data/words'
import { Actor, Ago, Chip, Empty, href, Icon, Id, Link, Menu, PageHead, Shown, Time, Took } from '../../parts/basics'
import { Operate } from '../../parts/operate'
import { tell } from '../../parts/told'
import { type Column, columns, columnsOf, parameterOf, withColumn } from './columns'
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
    const others = mine?.shown.filter(run => !answered.has(run.id) && !hasEnded(run.state)).slice(0, 30)
    if (others?.length)
      call<RunPageView>(`runs${queryString({ q: `id:${others.map(run => run.id).join(',')}`, limit: size })}`)
        .then(page => setRows(before => before && { ...update(before, page.items), of: before.of }))
        .catch(() => {})
  }, [answer.data])

  const goOn = async () => {
    if (!below?.next) return
    try {
      const page = await call<RunPageView>(`runs${queryString({ q: query, limit: size, cursor: below.next })}`)
      setRows(before => before && { ...append(before, page.items), of: before.of })
      setBelow({ next: page.next, scanned: page.scanned })
    } catch (e) {
      tell(e instanceof ApiError ? e.message : String(e))
    }
  }
  const fresh = () => setRows(before => before && { ...showFresh(before), of: before.of })
  return { answer, rows: mine, below, goOn, fresh }
}

/** The runs that match a query, live. */
export const RunsPage = () => {
  const { query: parameters, route } = useLocation()
  const query = parameters.q ?? ''
  const visible = columnsOf(parameters.columns)
  const search = (q: string) => route(href(`runs${queryString({ q, columns: parameters.columns })}`))
  const { answer, rows, below, goOn, fresh } = useRows(query)
  const counts = useAnswer<RunCountView>(`runs/count${queryString({ q: withStates(query, []), by: 'state' })}`, {
    when: changedRuns,
    every: 30,
  })
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState(0)
  const [all, setAll] = useState<'replay' | 'cancel' | 'delete'>()
  useEffect(() => {
    setPicked(new Set())
    setAsked(0)
  }, [query])
  useEffect(() => {
    if (picked.size === 0) setAsked(0)
  }, [picked])
  const shown = rows?.shown ?? []
  const chosen = shown.filter(run => picked.has(run.id))
  const toggle = (id: string) =>
    setPicked(before => {
      const next = new Set(before)
      if (!next.delete(id)) next.add(id)
      return next
    })
  const states = statesOf(query)
  // What is wrong with the query stands at its field; the rest of the page does not repeat it.
  const isRefused = answer.error !== undefined && (answer.error.status === 400 || answer.error.status === 422)
  return (
    <div class="page full">
      <PageHead title="Runs">
        <Views
          query={query}
          shown={visible}
          open={view => route(href(`runs${queryString({ q: view.query, columns: parameterOf(view.columns) })}`))}
        />
        <Columns shown={visible} choose={next => route(href(`runs${queryString({ q: query, columns: parameterOf(next) })}`), true)} />
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
              {state} {!isRefused && <b>{shortCount(counts.data?.states?.[state])}</b>}
            </button>
          )
        })}
        <span class="fresh" role="status">
          {rows && rows.fresh.length > 0 && (
            <button type="button" class="linklike" onClick={fresh}>
              ▲ {rows.fresh.length === size ? `${size}+` : rows.fresh.length} new
            </button>
          )}
        </span>
      </fieldset>
      <section class="panel found-runs" aria-label="Found">
        {isRefused ? (
          <Empty command={undefined}>The query above cannot be read. Its field completes terms and names while you type.</Empty>
        ) : (
          <Shown answer={answer} lines={12}>
            {() =>
              shown.length === 0 ? (
                query ? (
                  <Empty>
                    {below?.next && !below.scanned.complete ? 'None was found so far; the search can go on.' : 'No run matches this query.'}
                  </Empty>
                ) : (
                  <Empty command="fleet run enqueue diag.echo">
                    Nothing has run yet. Enqueue a run from the page of its job, or on the command line:
                  </Empty>
                )
              ) : (
                <Table
                  runs={shown}
                  visible={visible}
                  replay={run => {
                    if (chosen.length === 0) setPicked(new Set([run.id]))
                    setAsked(before => before + 1)
                  }}
                  picked={picked}
                  toggle={toggle}
                  pickAll={on => setPicked(new Set(on ? shown.map(run => run.id) : []))}
                />
              )
            }
          </Shown>
        )}
        {!isRefused && (shown.length > 0 || below?.next) && (
          <footer class="below">
            {chosen.length > 0 ? (
              <Selection
                replayAsked={asked}
                runs={chosen}
                query={query}
                all={setAll}
                done={() => {
                  setPicked(new Set())
                  setAsked(0)
                }}
              />
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

/** Which columns are shown; the choice is in the address. */
const Columns = ({ shown, choose }: { shown: Column[]; choose: (columns: Column[]) => void }) => (
  <Menu
    label={
      <>
        Columns <Icon name="chevron-down" />
      </>
    }
  >
    {(Object.keys(columns) as Column[]).map(column => (
      <label key={column} class="column" onClick={e => e.stopPropagation()}>
        <input type="checkbox" checked={shown.includes(column)} onChange={() => choose(withColumn(shown, column))} /> {columns[column]}
      </label>
    ))}
  </Menu>
)

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
  return (
    <bdi>
      {run.state === 'succeeded' ? '' : (run.errorType ?? (run.cancelCause ? `by ${run.canceledBy?.name ?? run.cancelCause}` : ''))}
    </bdi>
  )
}

const numbers: Column[] = ['attempt', 'finishedAt']

const Cell = ({ column, run, state }: { column: Column; run: RunView; state: string }) => {
  switch (column) {
    case 'lane':
      return (
        <td class="wide-only">
          <bdi>{run.lane}</bdi>
        </td>
      )
    case 'id':
      return (
        <td class="wide-only">
          <Id id={run.id} short />
        </td>
      )
    case 'attempt':
      return (
        <td class="num wide-only">
          {run.attempt}
          {run.maxAttempts !== null && `/${run.maxAttempts}`}
        </td>
      )
    case 'startedAt':
      return (
        <td>
          <Time at={run.startedAt ?? run.dueAt} />
        </td>
      )
    case 'finishedAt':
      return <td class="num">{run.state === 'running' || run.finishedAt ? <Took from={run.startedAt} until={run.finishedAt} /> : '–'}</td>
    case 'errorType':
      return (
        <td class="says">
          <Says run={run} state={state} />
        </td>
      )
    case 'createdAt':
      return (
        <td data-label="created">
          <Time at={run.createdAt} />
        </td>
      )
    case 'scheduleId':
      return (
        <td>
          {run.scheduleId && (
            <Link to={`schedules/${encodeURIComponent(run.scheduleId)}`}>
              <bdi>{run.scheduleId}</bdi>
            </Link>
          )}
        </td>
      )
    case 'tags':
      return (
        <td>
          <bdi>{run.tags.join(', ')}</bdi>
        </td>
      )
    case 'enqueuedBy':
      return (
        <td data-label="by">
          <Actor by={run.enqueuedBy} />
        </td>
      )
  }
}

const Table = ({
  runs,
  visible,
  replay,
  picked,
  toggle,
  pickAll,
}: {
  runs: RunView[]
  visible: Column[]
  /** Asks whether to replay what is selected, or this run. */
  replay: (run: RunView) => void
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
      else if (event.key === 'r' && mayChange) replay(runs[at]!)
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
          {visible.map(column => (
            <th key={column} scope="col" class={numbers.includes(column) ? 'num' : ''}>
              {columns[column]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {runs.map((run, i) => {
          const state = stateOf(run, serverNow())
          return (
            <tr key={run.id} tabIndex={i === 0 ? 0 : -1} class={picked.has(run.id) ? 'picked' : ''}>
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
              {visible.map(column => (
                <Cell key={column} column={column} run={run} state={state} />
              ))}
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
