import { useState } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import { query } from '../../data/api'
import { duration, exact, many, seconds, whole } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type {
  ExplanationView,
  NextFireTimesView,
  OccurrenceView,
  OccurrenceViewPage,
  ScheduleFiguresView,
  ScheduleView,
} from '../../data/types'
import { Actor, Ago, Chip, Copy, Empty, href, Link, Menu, PageHead, Panel, Shown, Time } from '../../parts/basics'
import { Payload, pretty } from '../../parts/Payload'
import '../../style/schedules.css'
import { Backfill, Control, Delete, Pause, Trigger } from './actions'
import { missedPath, Outcomes } from './Outcomes'
import { Halted, schedulePath, Warnings } from './Schedules'

type Asked = 'pause' | 'resume' | 'start' | 'stop' | 'trigger' | 'backfill' | 'delete'

/** Why a schedule cannot be edited here, or undefined if it can. */
export const readOnly = (s: ScheduleView): string | undefined =>
  s.source === 'api'
    ? undefined
    : s.source === 'code'
      ? 'It is defined in the code of a program, which stores it again at each start. Edit it there.'
      : s.source === 'configuration'
        ? 'It is defined in the configuration of a scheduler, which stores it again at each start. Edit it there.'
        : `It is defined elsewhere (${s.source}). Edit it there.`

const Actions = ({ of, ask }: { of: ScheduleView; ask: (asked: Asked) => void }) => (
  <>
    <button type="button" onClick={() => ask('trigger')}>
      Run now…
    </button>
    {of.status === 'running' && (
      <button type="button" onClick={() => ask('pause')}>
        Pause…
      </button>
    )}
    {of.status === 'paused' && (
      <button type="button" class="primary" onClick={() => ask('resume')}>
        Resume…
      </button>
    )}
    {of.status === 'stopped' && (
      <button type="button" class="primary" onClick={() => ask('start')}>
        Start…
      </button>
    )}
    {!readOnly(of) && (
      <Link to={`${schedulePath(of.id)}/edit`} class={`button ${of.status === 'running' ? 'primary' : ''}`}>
        Edit…
      </Link>
    )}
    <Menu label="More">
      <button type="button" onClick={() => ask('backfill')}>
        Backfill…
      </button>
      {of.status !== 'stopped' && (
        <button type="button" class="danger" onClick={() => ask('stop')}>
          Stop…
        </button>
      )}
      <button type="button" class="danger" onClick={() => ask('delete')}>
        Delete…
      </button>
    </Menu>
  </>
)

const Pair = ({ name, children }: { name: string; children: preact.ComponentChildren }) =>
  children === null || children === undefined || children === '' || children === false ? null : (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )

const instant = (at: string | null) => at && <Time at={at} />

const Facts = ({ of: s }: { of: ScheduleView }) => (
  <dl class="pairs">
    <Pair name="Job">
      <Link to={`jobs/${encodeURIComponent(s.job)}`}>
        <bdi>{s.job}</bdi>
      </Link>
    </Pair>
    <Pair name="Trigger">
      <code>{s.cron ?? (s.every ? `every ${s.every}` : s.at ? exact(s.at) : '–')}</code>{' '}
      {s.cron && (
        <>
          <Copy text={s.cron} what="cron" /> <span class="weak">{s.zone ?? 'UTC'}</span>
        </>
      )}
    </Pair>
    <Pair name="Counted from">{instant(s.anchor)}</Pair>
    <Pair name="Starts">{instant(s.startsAt)}</Pair>
    <Pair name="Ends">{instant(s.endsAt)}</Pair>
    <Pair name="Not on">{s.exclude.join(', ')}</Pair>
    <Pair name="Jitter">{s.jitter && `up to ${s.jitter}`}</Pair>
    <Pair name="Most occurrences">{s.maxOccurrences && whole(s.maxOccurrences)}</Pair>
    <Pair name="Misfire">
      {s.misfire}
      {s.misfireDeadline && ` within ${s.misfireDeadline}`}
    </Pair>
    <Pair name="Overlap">{s.overlap}</Pair>
    <Pair name="Lane">
      {s.lane ? <Link to={`lanes/${encodeURIComponent(s.lane)}`}>{s.lane}</Link> : <span class="weak">the job’s</span>}
    </Pair>
    <Pair name="Attempts">{s.maxAttempts ?? <span class="weak">the job’s</span>}</Pair>
    <Pair name="Timeout">{s.timeout && duration(seconds(s.timeout))}</Pair>
    <Pair name="Tags">{s.tags.length > 0 && <bdi>{s.tags.join(', ')}</bdi>}</Pair>
    <Pair name="Labels">
      {Object.keys(s.labels).length > 0 && (
        <bdi>
          {Object.entries(s.labels)
            .map(([name, value]) => `${name}=${value}`)
            .join(', ')}
        </bdi>
      )}
    </Pair>
    <Pair name="Last fire time">{instant(s.lastFireTime)}</Pair>
    <Pair name="Last started">{instant(s.lastStartedAt)}</Pair>
    <Pair name="Planned until">{instant(s.plannedUntil)}</Pair>
    <Pair name="Defined">
      <Time at={s.updatedAt} /> by <Actor by={s.putBy} />, <span class="weak">from {s.source}</span>
    </Pair>
  </dl>
)

/** A local time of the schedule's own zone, as the server says it. */
const local = (text: string) => text.replace('T', ' ').replace(/(:\d\d)(\.\d+)?([+-]\d\d:\d\d|Z)$/, '$1 $3')

const Next = ({ id }: { id: string }) => {
  const answer = useAnswer<NextFireTimesView>(`${schedulePath(id)}/next?count=10`, { when: c => c.schedules, every: 30 })
  return (
    <Panel title="Next firings" flush>
      <Shown answer={answer}>
        {({ items, zone }) =>
          items.length === 0 ? (
            <Empty>It does not fire any more as it is.</Empty>
          ) : (
            <table class="rows">
              <thead>
                <tr>
                  <th scope="col">At</th>
                  <th scope="col">In</th>
                  <th scope="col">{zone ?? 'UTC'}</th>
                </tr>
              </thead>
              <tbody>
                {items.map((f, i) => (
                  <tr key={i}>
                    <td class="first-line">
                      <Time at={f.at} />
                    </td>
                    <td>
                      <Ago at={f.at} />
                    </td>
                    <td class="break">
                      {local(f.local)}
                      {f.clockEffect && (
                        <span class="small retry clock-effect">
                          <span aria-hidden="true">◆</span> {f.clockEffect.text}
                        </span>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Shown>
    </Panel>
  )
}

const OutcomeRow = ({ of: o, id }: { of: OccurrenceView; id: string }) => (
  <tr>
    <td class="first-line">
      <Chip word={o.outcome} />
      {o.count > 1 && <span class="small weak"> {whole(o.count)}×</span>}
    </td>
    <td>
      {o.run && o.outcome !== 'deleted' ? (
        <Link to={`runs/${o.run}`}>
          <Time at={o.fireTime} />
        </Link>
      ) : (
        <Time at={o.fireTime} />
      )}
    </td>
    <td data-label="late" class="num">
      {duration(seconds(o.lateBy))}
    </td>
    <td data-label="took" class="num">
      {duration(seconds(o.duration))}
    </td>
    <td class="num">
      <Link to={missedPath(id, o)}>Explain</Link>
    </td>
  </tr>
)

const History = ({ id }: { id: string }) => {
  const answer = useAnswer<OccurrenceViewPage>(`${schedulePath(id)}/outcomes?limit=30`, { when: c => c.schedules, every: 5 })
  return (
    <Panel title="Last outcomes" flush>
      <Shown answer={answer}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>It has not fired yet.</Empty>
          ) : (
            <>
              <div class="inside strip-line">
                <Outcomes of={items} id={id} />
              </div>
              <div class="scroller outcome-list" tabIndex={0} role="region" aria-label="Last outcomes">
                <table class="rows">
                  <thead>
                    <tr>
                      <th scope="col">Outcome</th>
                      <th scope="col">Fire time</th>
                      <th scope="col" class="num">
                        Late by
                      </th>
                      <th scope="col" class="num">
                        Took
                      </th>
                      <th scope="col">
                        <span class="unseen">Why</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map(o => (
                      <OutcomeRow key={o.run ?? o.fireTime} of={o} id={id} />
                    ))}
                  </tbody>
                </table>
              </div>
            </>
          )
        }
      </Shown>
    </Panel>
  )
}

const Figures = ({ id }: { id: string }) => {
  const answer = useAnswer<ScheduleFiguresView>(`${schedulePath(id)}/figures`, { every: 60 })
  return (
    <Panel title="Expected and fired, last day">
      <Shown answer={answer}>
        {f => (
          <>
            <p class="finding">
              {whole(f.fired)} of {many(f.expected, 'expected firing')}
            </p>
            <p class="facts">
              {(['skipped', 'canceled', 'waiting', 'unexpected'] as const).map(
                name =>
                  f[name] > 0 && (
                    <span key={name}>
                      <b>{whole(f[name])}</b> {name}
                    </span>
                  ),
              )}
              <span>
                since <Time at={f.from} />
              </span>
              {f.lateness && (
                <span>
                  started late by {duration(f.lateness.median)} (median), {duration(f.lateness.p99)} (p99), {duration(f.lateness.most)} at
                  most
                </span>
              )}
            </p>
            {f.missing > 0 && (
              <p class="notice bad missing">
                {many(f.missing, 'fire time has', 'fire times have')} no run:{' '}
                {f.firstMissing.slice(0, 5).map((at, i) => (
                  <span key={at}>
                    {i > 0 && ', '}
                    <Link to={missedPath(id, { fireTime: at })}>
                      <Time at={at} />
                    </Link>
                  </span>
                ))}
                {f.missing > 5 && ` and ${whole(f.missing - 5)} others`}
              </p>
            )}
          </>
        )}
      </Shown>
    </Panel>
  )
}

/** What became of one fire time, or why the schedule did not fire then. */
const Explained = ({ id, at, close }: { id: string; at: string; close: () => void }) => {
  const answer = useAnswer<ExplanationView>(`${schedulePath(id)}/explain${query({ at })}`, { every: 15 })
  return (
    <Panel
      title={
        <>
          What became of <Time at={at} />
        </>
      }
      beside={
        <button type="button" class="linklike" onClick={close}>
          Close
        </button>
      }
      class="wide"
    >
      <Shown answer={answer} lines={2}>
        {why => (
          <div class="panels">
            <p>{why.summary}</p>
            {[...why.sentences, ...why.now.reasons]
              .filter(s => s.text !== why.summary)
              .map(s => (
                <p key={s.code + s.text} class="small mid">
                  {s.text}
                </p>
              ))}
          </div>
        )}
      </Shown>
    </Panel>
  )
}

const Body = ({ of: s, reload }: { of: ScheduleView; reload: () => void }) => {
  const { query: set, path, route } = useLocation()
  const [asked, ask] = useState<Asked>()
  const asks = { of: s, close: () => ask(undefined), done: reload }
  const why = readOnly(s)
  return (
    <>
      <PageHead title={s.id} beside={<Chip word={s.status} />}>
        {may('operate') && <Actions of={s} ask={ask} />}
      </PageHead>
      <p class="finding">
        <bdi>{s.words}</bdi>
        {s.nextFireAt && (
          <span class="mid">
            {' '}
            · next <Time at={s.nextFireAt} />, <Ago at={s.nextFireAt} />
          </span>
        )}
      </p>
      {s.status !== 'running' && (
        <p class="notice retry">
          {s.status} <Halted of={s} />
        </p>
      )}
      <Warnings of={s} />
      {why && may('operate') && <p class="notice">Read only here. {why}</p>}
      <div class="panels two">
        {set.at && <Explained key={set.at} id={s.id} at={set.at} close={() => route(path, true)} />}
        <Panel title="Facts">
          <Facts of={s} />
        </Panel>
        <Next id={s.id} />
        <History id={s.id} />
        <div class="panels beside-history">
          <Figures id={s.id} />
          <Panel title="Args">
            <Payload name="args" text={pretty(s.args)} />
          </Panel>
        </div>
      </div>
      {asked === 'pause' && <Pause {...asks} />}
      {(asked === 'resume' || asked === 'start' || asked === 'stop') && <Control verb={asked} {...asks} />}
      {asked === 'trigger' && <Trigger {...asks} />}
      {asked === 'backfill' && <Backfill {...asks} />}
      {asked === 'delete' && <Delete {...asks} done={() => route(href('schedules'))} />}
    </>
  )
}

/** One schedule. */
export const Schedule = () => {
  const { id } = useRoute().params as { id: string }
  const answer = useAnswer<ScheduleView>(schedulePath(id), { when: c => c.schedules, every: 10 })
  return (
    <div class="page">
      {!answer.data && <PageHead title={id} />}
      <Shown answer={answer} lines={10}>
        {s => <Body of={s} reload={answer.reload} />}
      </Shown>
    </div>
  )
}
