import { useLocation } from 'preact-iso'
import { many } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { ScheduleView, ScheduleViewPage } from '../../data/types'
import { Actor, Ago, Chip, Empty, Link, PageHead, Panel, Shown, Time } from '../../parts/basics'
import { TypedFilter, useFilters } from '../../parts/filters'
import '../../style/schedules.css'
import { EditSchedule } from './EditSchedule'
import { filterNames, matching } from './filter'
import { Outcomes } from './Outcomes'

export const schedulePath = (id: string): string => `schedules/${encodeURIComponent(id)}`

/** Who paused or stopped a schedule, until when, and why. */
export const Halted = ({ of }: { of: ScheduleView }) =>
  of.status === 'running' ? null : (
    <span class="small mid">
      {of.statusBy && (
        <>
          by <Actor by={of.statusBy} />{' '}
        </>
      )}
      {of.resumeAt ? (
        <>
          until <Time at={of.resumeAt} />
        </>
      ) : (
        of.statusSince && (
          <>
            since <Time at={of.statusSince} />
          </>
        )
      )}
      {of.statusReason && (
        <>
          : <bdi>{of.statusReason}</bdi>
        </>
      )}
    </span>
  )

/** What another scheduler would understand otherwise. */
export const Warnings = ({ of }: { of: { warnings: ScheduleView['warnings'] } }) =>
  of.warnings.length === 0 ? null : (
    <ul class="notice retry">
      {of.warnings.map(w => (
        <li key={w.code + w.field}>{w.message}</li>
      ))}
    </ul>
  )

const Row = ({ of: s }: { of: ScheduleView }) => (
  <tr>
    <td class="break schedule-cell">
      <Link to={schedulePath(s.id)} class="name one-line" title={s.id}>
        <bdi>{s.id}</bdi>
      </Link>
      <span class="small mid">
        <bdi>{s.words}</bdi>
      </span>
      {s.warnings.length > 0 && (
        <span class="small retry" title={s.warnings.map(w => w.message).join('\n')}>
          {' '}
          <span aria-hidden="true">!</span> {many(s.warnings.length, 'warning')}
        </span>
      )}
    </td>
    <td class="zone-cell" data-label="zone">
      <bdi>{s.zone ?? (s.cron ? 'UTC' : '–')}</bdi>
    </td>
    <td data-label="next">
      <Time at={s.nextFireAt} />
      {s.nextFireAt && (
        <span class="small weak in-how-long">
          <Ago at={s.nextFireAt} />
        </span>
      )}
    </td>
    <td class="break">
      <Outcomes of={s.outcomes ?? []} id={s.id} />
    </td>
    <td class="break status-cell">
      <Chip word={s.status} /> <Halted of={s} />
    </td>
  </tr>
)

const List = () => {
  const filters = useFilters()
  const { q = '' } = filters.set
  const answer = useAnswer<ScheduleViewPage>('schedules?outcomes=30', { when: c => c.schedules, every: 10 })
  return (
    <div class="page full">
      <PageHead title="Schedules">
        <Link to="calendar" class="button">
          Calendar
        </Link>
        {may('operate') && (
          <Link to="schedules?new=1" class="button primary">
            New…
          </Link>
        )}
      </PageHead>
      <div class="filters schedule-filter">
        <TypedFilter
          label={`Filter: part of the id, job or words, or ${filterNames.slice(1, 5).join(':, ')}:, …`}
          value={q}
          hint="zone:Europe/Berlin paused:false"
          search
          set={v => filters.change({ q: v })}
        />
      </div>
      <Panel flush>
        <Shown answer={answer} lines={8}>
          {({ items }) => {
            const shown = matching(items, q)
            return (
              <>
                {shown.length === 0 ? (
                  <Empty command={items.length ? undefined : "fleet schedule create hourly --job diag.echo --cron '0 * * * *'"}>
                    {items.length ? 'No schedule matches this filter.' : 'There are no schedules yet. To add one:'}
                  </Empty>
                ) : (
                  <div class="scroller">
                    <table class="rows">
                      <thead>
                        <tr>
                          <th scope="col">Schedule</th>
                          <th scope="col">Zone</th>
                          <th scope="col">Next</th>
                          <th scope="col">Last 30, the latest at the right</th>
                          <th scope="col">State</th>
                        </tr>
                      </thead>
                      <tbody>
                        {shown.map(s => (
                          <Row key={s.id} of={s} />
                        ))}
                      </tbody>
                    </table>
                  </div>
                )}
                <p class="table-foot small weak">
                  {shown.length === items.length ? many(items.length, 'schedule') : `${shown.length} of ${many(items.length, 'schedule')}`}
                </p>
              </>
            )
          }}
        </Shown>
      </Panel>
    </div>
  )
}

/** All schedules, or the form of a new one. */
export const Schedules = () => (useLocation().query.new ? <EditSchedule /> : <List />)
