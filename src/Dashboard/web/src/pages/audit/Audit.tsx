import { query } from '../../data/api'
import { zone } from '../../data/choices'
import { differences, inLine } from '../../data/diff'
import { useAnswer } from '../../data/query'
import { may, me } from '../../data/session'
import type { AuditView, AuditViewPage } from '../../data/types'
import { Empty, Link, PageHead, Panel, Shown, Time } from '../../parts/basics'
import { TypedFilter, useFilters } from '../../parts/filters'
import { fromField } from '../../parts/until'
import '../../style/dead.css'

const actions = [
  ...['lane.', 'lane.pause', 'lane.resume', 'worker.', 'worker.drain', 'worker.resume'],
  ...['schedule.', 'schedule.put', 'schedule.pause', 'schedule.stop', 'schedule.start', 'schedule.delete', 'schedule.trigger'],
  ...['schedule.backfill', 'run.', 'run.enqueue', 'run.cancel', 'run.replay', 'run.delete', 'operation.', 'dead.', 'dead.discard'],
  ...['dead.mute', 'dead.unmute', 'view.', 'view.put', 'view.delete', 'key.', 'key.create', 'key.rotate', 'key.revoke'],
  ...['session.', 'session.create', 'session.end'],
]

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-/

/** The page of what was changed, where there is one. */
export const pageOf = ({ action, target }: { action: string; target: string }): string | undefined => {
  const [kind] = action.split('.')
  const name = encodeURIComponent(target)
  if (kind === 'run') return uuid.test(target) ? `runs/${name}` : undefined
  if (kind === 'dead') return uuid.test(target) ? `runs/${name}` : `dead-letters/groups/${name}`
  return { lane: `lanes?lane=${name}`, worker: 'workers', schedule: `schedules/${name}`, operation: `operations/${name}`, key: 'keys' }[
    kind!
  ]
}

/** So many differences are shown at once. */
const atOnce = 4

const Difference = ({ of }: { of: AuditView }) => {
  // What was not there and is null has not changed.
  const all = differences(of.before ?? {}, of.after ?? {}).filter(d => d.before !== undefined || d.after !== null)
  if (all.length === 0) return <span class="weak">–</span>
  const line = (d: (typeof all)[number]) => (
    <li key={d.path}>
      <bdi class="mid">{d.path || 'all'}</bdi>:{' '}
      {d.before !== undefined && (
        <>
          <del>
            <bdi>{inLine(d.before)}</bdi>
          </del>{' '}
          <span aria-hidden="true">→</span>{' '}
        </>
      )}
      <ins>
        <bdi>{d.after === undefined ? 'removed' : inLine(d.after)}</bdi>
      </ins>
    </li>
  )
  return (
    <>
      <ul class="code differs">{all.slice(0, atOnce).map(line)}</ul>
      {all.length > atOnce && (
        <details class="small">
          <summary>{all.length - atOnce} more</summary>
          <ul class="code differs">{all.slice(atOnce).map(line)}</ul>
        </details>
      )}
    </>
  )
}

const Row = ({ of }: { of: AuditView }) => {
  const page = pageOf(of)
  const target = <bdi>{uuid.test(of.target) ? `${of.target.slice(0, 4)}…${of.target.slice(-6)}` : of.target}</bdi>
  return (
    <tr>
      <td class="nowrap">
        <Time at={of.at} />
      </td>
      <td class="who-cell">
        <bdi title={[of.by.kind, of.by.address].filter(Boolean).join(', ')}>{of.by.name}</bdi>
        <span class="small weak one-line">
          {of.way}
          {of.keyId && (
            <>
              , key <code>{of.keyId}</code>
            </>
          )}
          {of.onBehalfOf && (
            <>
              , for <bdi>{of.onBehalfOf}</bdi>
            </>
          )}
          {of.subject && (
            <>
              , <bdi>{of.subject}</bdi>
            </>
          )}
        </span>
      </td>
      <td class="name first-line nowrap">{of.action}</td>
      <td class="target-cell" title={of.target}>
        {page ? <Link to={page}>{target}</Link> : target}
      </td>
      <td class="break differs-cell">
        <Difference of={of} />
        {of.reason && (
          <p class="small">
            “<bdi>{of.reason}</bdi>”
          </p>
        )}
      </td>
    </tr>
  )
}

const ago = (days: number) => new Date(Math.floor(Date.now() / 60_000) * 60_000 - days * 86_400_000).toISOString()

/** An instant as a `datetime-local` field has it. */
const toField = (at: string | undefined): string => {
  const date = new Date(at ?? '')
  if (Number.isNaN(date.getTime())) return ''
  return new Date(date.getTime() - (zone.value === 'utc' ? 0 : date.getTimezoneOffset() * 60_000)).toISOString().slice(0, 16)
}

/** Who changed what. */
export const Audit = () => {
  const filters = useFilters()
  const { action, target, since, until, cursor } = filters.set
  const answer = useAnswer<AuditViewPage>(may('administer') ? `audit${query({ action, target, since, until, cursor, limit: 50 })}` : null, {
    every: cursor ? undefined : 15,
  })
  const isFiltered = !!(action || target || since || until)
  return (
    <div class="page">
      <PageHead title="Audit" />
      {!may('administer') ? (
        <Panel>
          <Empty command="fleet key create --role admin">
            Admins may read the audit, and you are {me.value?.role} here. An admin can give you a key of that role:
          </Empty>
        </Panel>
      ) : (
        <>
          <div class="filters">
            <TypedFilter
              label="Action"
              value={action}
              list="actions"
              hint="lane. or run.replay"
              search
              set={v => filters.change({ action: v })}
            />
            <TypedFilter label="Target" value={target} hint="a name or id" set={v => filters.change({ target: v })} />
            <label class="filter">
              <span class="micro mid">Since{zone.value === 'utc' && ', UTC'}</span>
              <input
                type="datetime-local"
                value={toField(since)}
                onChange={e => filters.change({ since: fromField(e.currentTarget.value) })}
              />
            </label>
            <div class="actions">
              {[1, 7, 30].map(days => (
                <button key={days} type="button" class="linklike" onClick={() => filters.change({ since: ago(days) })}>
                  {days === 1 ? '24 h' : `${days} d`}
                </button>
              ))}
              {isFiltered && (
                <button
                  type="button"
                  class="linklike"
                  onClick={() => filters.change({ action: undefined, target: undefined, since: undefined, until: undefined })}
                >
                  clear
                </button>
              )}
            </div>
            <datalist id="actions">
              {actions.map(a => (
                <option key={a} value={a} />
              ))}
            </datalist>
          </div>
          <Panel flush>
            <Shown answer={answer} lines={8}>
              {page =>
                page.items.length === 0 ? (
                  <Empty command={isFiltered ? undefined : "fleet lane pause default --reason 'a try'"}>
                    {isFiltered ? 'No entries match these filters.' : 'Nobody has changed anything yet. This would be the first entry:'}
                  </Empty>
                ) : (
                  <>
                    <div class="scroller">
                      <table class="rows audit">
                        <thead>
                          <tr>
                            <th scope="col">When</th>
                            <th scope="col">Who</th>
                            <th scope="col">Action</th>
                            <th scope="col">Target</th>
                            <th scope="col">What changed</th>
                          </tr>
                        </thead>
                        <tbody>
                          {page.items.map(e => (
                            <Row key={e.id} of={e} />
                          ))}
                        </tbody>
                      </table>
                    </div>
                    <p class="table-foot actions small">
                      {cursor && <a href={filters.with({ cursor: undefined })}>Newest</a>}
                      {page.next && <a href={filters.with({ cursor: page.next })}>Older</a>}
                      <span class="weak">
                        All of them: <code>fleet audit --all -o jsonl</code>
                      </span>
                    </p>
                  </>
                )
              }
            </Shown>
          </Panel>
        </>
      )}
    </div>
  )
}
