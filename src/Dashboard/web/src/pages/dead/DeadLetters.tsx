import { useState } from 'preact/hooks'
import { query } from '../../data/api'
import { count, many, whole } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { DeadGroupListView, DeadGroupView, ImportedView, JobViewPage, LaneViewPage } from '../../data/types'
import { Actor, Ago, Empty, Icon, Link, PageHead, Panel, Shown, Time } from '../../parts/basics'
import { TypedFilter, useFilters } from '../../parts/filters'
import { Operate } from '../../parts/operate'
import { Strip } from '../../parts/strip'
import '../../style/dead.css'
import { said } from './dialogs'
import { Export, Import } from './transfer'
import { hour, inWords, useTrends } from './trends'

/** Of so many groups the trend by hour is read. */
const withTrend = 12

export const groupPath = (fingerprint: string): string => `dead-letters/groups/${encodeURIComponent(fingerprint)}`

const Row = ({ group, trend, replay }: { group: DeadGroupView; trend?: number[]; replay: () => void }) => (
  <tr>
    <td class="break says-all">
      <Link to={groupPath(group.fingerprint)} class="name">
        <bdi class="one-line" title={group.error ?? undefined}>
          {group.error?.split('\n', 1)[0] || group.errorType || group.fingerprint}
        </bdi>
      </Link>
      <span class="small weak one-line">
        <bdi>{group.errorType ?? group.fingerprint}</bdi>
      </span>
      {group.mute && (
        <span class="small mid muted">
          muted {said(group.mute)} by <Actor by={group.mute.by} />
          {group.mute.reason && (
            <>
              : <bdi>{group.mute.reason}</bdi>
            </>
          )}
        </span>
      )}
    </td>
    <td class="num first-line" data-label="runs">
      {count(group.count)}
    </td>
    <td data-label="first">
      <Time at={group.firstAt} />
    </td>
    <td data-label="last">
      <Ago at={group.lastAt} />
    </td>
    <td class="nowrap">
      {trend ? <Strip values={trend} label={inWords(trend)} titles={hour(trend)} /> : null}
      <span class="small weak" title="In the last 24 hours, and in the 24 hours before">
        {whole(group.lastDay)}, day before {whole(group.dayBefore)}
      </span>
    </td>
    <td class="break of-jobs">
      {group.jobs.slice(0, 3).map((j, i) => (
        <span key={j.job}>
          {i > 0 && ', '}
          <Link to={`jobs/${encodeURIComponent(j.job)}`}>
            <bdi title={j.job}>{j.job}</bdi>
          </Link>
          {group.jobs.length > 1 && <span class="weak"> {whole(j.count)}</span>}
        </span>
      ))}
      {group.jobs.length > 3 && <span class="weak"> and {group.jobs.length - 3} others</span>}
    </td>
    {may('operate') && (
      <td class="num">
        <button type="button" class="small-button" onClick={replay}>
          Replay {count(group.count)}…
        </button>
      </td>
    )}
  </tr>
)

const Imported = ({ result, dismiss }: { result: ImportedView; dismiss: () => void }) => (
  <div class="notice" role="status">
    <p>
      {many(result.imported, 'run')} imported
      {result.known > 0 && `; ${many(result.known, 'dead letter')} had been imported before`}.{' '}
      {result.ids.slice(0, 5).map((id, i) => (
        <span key={id}>
          {i > 0 && ', '}
          <Link to={`runs/${id}`}>
            <code>…{id.slice(-6)}</code>
          </Link>
        </span>
      ))}
      {result.ids.length > 5 && ` and ${whole(result.ids.length - 5)} others`}{' '}
      <button type="button" class="linklike" onClick={dismiss}>
        Dismiss
      </button>
    </p>
  </div>
)

/** Dead letters by what failed alike. */
export const DeadLetters = () => {
  const filters = useFilters()
  const { job, lane, muted } = filters.set
  const answer = useAnswer<DeadGroupListView>(`dead-letters/groups${query({ job, lane, muted, limit: 100 })}`, { every: 10 })
  const jobs = useAnswer<JobViewPage>('jobs')
  const lanes = useAnswer<LaneViewPage>('lanes')
  const trends = useTrends((answer.data?.items ?? []).slice(0, withTrend).map(g => g.fingerprint))
  const [replaying, replay] = useState<DeadGroupView>()
  const [isImporting, importing] = useState(false)
  const [imported, setImported] = useState<ImportedView>()
  const isFiltered = !!(job || lane)
  const scope = [job && `job:${job}`, lane && `lane:${lane}`].filter(Boolean).join(' ')
  return (
    <div class="page">
      <PageHead title="Dead letters">
        <Export filters={{ job, lane }} />
        {may('operate') && (
          <button type="button" onClick={() => importing(true)}>
            Import…
          </button>
        )}
      </PageHead>
      <div class="filters">
        <TypedFilter label="Job" value={job} list="dead-jobs" search set={v => filters.change({ job: v })} />
        <TypedFilter label="Lane" value={lane} list="dead-lanes" set={v => filters.change({ lane: v })} />
        <label class="check">
          <input
            type="checkbox"
            checked={muted === 'true'}
            onChange={e => filters.change({ muted: e.currentTarget.checked ? 'true' : undefined })}
          />
          Muted groups, too
        </label>
        {isFiltered && (
          <button type="button" class="linklike" onClick={() => filters.change({ job: undefined, lane: undefined })}>
            <Icon name="x" /> clear
          </button>
        )}
        <datalist id="dead-jobs">
          {jobs.data?.items.map(j => (
            <option key={j.name} value={j.name} />
          ))}
        </datalist>
        <datalist id="dead-lanes">
          {lanes.data?.items.map(l => (
            <option key={l.name} value={l.name} />
          ))}
        </datalist>
      </div>
      {imported && <Imported result={imported} dismiss={() => setImported(undefined)} />}
      <Panel flush>
        <Shown answer={answer}>
          {list => (
            <>
              {list.items.length === 0 ? (
                <Empty command={isFiltered ? undefined : `fleet run enqueue diag.fail --args '{"retryable":false}'`}>
                  {isFiltered
                    ? 'No dead letters match these filters.'
                    : 'No dead letters: no run has failed for good. This one would, to try it:'}
                </Empty>
              ) : (
                <div class="scroller">
                  <table class="rows groups">
                    <thead>
                      <tr>
                        <th scope="col">Error</th>
                        <th scope="col" class="num">
                          Runs
                        </th>
                        <th scope="col">First</th>
                        <th scope="col">Last</th>
                        <th scope="col">24 h</th>
                        <th scope="col">Jobs</th>
                        {may('operate') && (
                          <th scope="col">
                            <span class="unseen">Actions</span>
                          </th>
                        )}
                      </tr>
                    </thead>
                    <tbody>
                      {list.items.map(g => (
                        <Row key={g.fingerprint} group={g} trend={trends[g.fingerprint]} replay={() => replay(g)} />
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
              <p class="table-foot small weak">
                {many(list.items.length, 'group')}
                {list.muted > 0 && (
                  <>
                    {' '}
                    · {many(list.muted, 'group')} muted, not shown.{' '}
                    <a href={filters.with({ muted: 'true' })}>Show {list.muted === 1 ? 'it' : 'them'}</a>
                  </>
                )}
                {!list.scanned.complete && (
                  <>
                    {' '}
                    · counted back to <Time at={list.scanned.backTo} />; older ones may be missing
                  </>
                )}
              </p>
            </>
          )}
        </Shown>
      </Panel>
      {replaying && (
        <Operate
          kind="replay"
          query={[`fingerprint:${replaying.fingerprint}`, scope].filter(Boolean).join(' ')}
          of={`All of them failed with “${(replaying.error ?? replaying.errorType ?? '').slice(0, 120)}”.`}
          close={() => replay(undefined)}
        />
      )}
      {isImporting && (
        <Import
          close={() => importing(false)}
          done={result => {
            setImported(result)
            answer.reload()
          }}
        />
      )}
    </div>
  )
}
