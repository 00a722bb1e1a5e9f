import { useEffect, useRef, useState } from 'preact/hooks'
import { query } from '../../data/api'
import { zone } from '../../data/choices'
import { digits, duration, many, minute, whole } from '../../data/format'
import { figures, serverNow } from '../../data/live'
import { useAnswer } from '../../data/query'
import type { CalendarDayView, CalendarView, SimulationView } from '../../data/types'
import { Empty, Icon, Link, PageHead, Panel, Shown, Time } from '../../parts/basics'
import { useFilters } from '../../parts/filters'
import '../../style/schedules.css'
import { dateOf, daysLater, hourOf, isDate, slotStep } from './calendar'

const hours = Array.from({ length: 24 }, (_, hour) => hour)
const clock = (hour: number) => `${hour.toString().padStart(2, '0')}:00`
/** Two digits, which fit a cell. */
const brief = (n: number) => (n >= 100 ? whole(n) : Number(n.toPrecision(2)).toString())
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Tue 1 Dec, of a date as it is. */
const name = (day: CalendarDayView) =>
  `${day.day.slice(0, 1).toUpperCase()}${day.day.slice(1, 3)} ${Number(day.date.slice(8))} ${months[Number(day.date.slice(5, 7)) - 1]}`

const changeOf = (day: CalendarDayView) =>
  day.clockChange && `the clock ${day.clockChange.minutes > 0 ? 'jumps ahead' : 'is set back'} by ${Math.abs(day.clockChange.minutes)} min`

interface Place {
  day: number
  hour: number
}

/** A heat map of real cells: arrow keys move, Enter opens the minutes of a cell. */
const Grid = ({
  days,
  slots,
  chosen,
  choose,
}: {
  days: CalendarDayView[]
  slots: number
  chosen?: string
  choose: (cell: string) => void
}) => {
  const isUtc = zone.value === 'utc'
  const table = useRef<HTMLTableElement>(null)
  const isMoved = useRef(false)
  const [at, setAt] = useState<Place>(() => {
    const day = days.findIndex(d => chosen?.startsWith(d.date))
    return { day: Math.max(0, day), hour: day < 0 ? 0 : Number(chosen!.slice(11, 13)) || 0 }
  })
  const day = Math.min(at.day, days.length - 1)
  const move = (to: Place) => {
    isMoved.current = true
    setAt({ day: Math.max(0, Math.min(days.length - 1, to.day)), hour: Math.max(0, Math.min(23, to.hour)) })
  }
  useEffect(() => {
    if (isMoved.current) table.current!.querySelector<HTMLElement>('[tabindex="0"]')?.focus()
    isMoved.current = false
  }, [at])
  const key = (event: KeyboardEvent) => {
    const to = {
      ArrowLeft: { day: day - 1, hour: at.hour },
      ArrowRight: { day: day + 1, hour: at.hour },
      ArrowUp: { day, hour: at.hour - 1 },
      ArrowDown: { day, hour: at.hour + 1 },
      Home: { day: 0, hour: at.hour },
      End: { day: days.length - 1, hour: at.hour },
    }[event.key]
    if (!to) return
    event.preventDefault()
    move(to)
  }
  return (
    <>
      <div class="actions one-day inside">
        <button type="button" disabled={day === 0} onClick={() => setAt({ day: day - 1, hour: at.hour })} title="Day before">
          ‹ Day
        </button>
        <strong>{name(days[day]!)}</strong>
        <button type="button" disabled={day === days.length - 1} onClick={() => setAt({ day: day + 1, hour: at.hour })} title="Day after">
          Day ›
        </button>
      </div>
      <table class="calendar" ref={table} onKeyDown={key}>
        <thead>
          <tr>
            <th scope="col">{isUtc ? 'UTC' : 'Hour'}</th>
            {days.map((d, i) => (
              <th key={d.date} scope="col" data-day data-shown={i === day ? '' : undefined} title={changeOf(d) ?? undefined}>
                {d.clockChange && <span class="retry">◆ </span>}
                {name(d)}
                {d.clockChange && <span class="unseen">, {changeOf(d)}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {hours.map(hour => (
            <tr key={hour}>
              <th scope="row">{clock(hour)}</th>
              {days.map((d, i) => {
                const used = d.slots[hour] ?? 0
                const starts = d.starts[hour] ?? 0
                const [from, until] = hourOf(d.date, hour, isUtc)
                const isOver = slots > 0 && used > slots
                const cell = `${d.date}T${clock(hour).slice(0, 2)}`
                const where = `${name(d)}, ${clock(hour)}:`
                const shown = until <= from ? '–' : used > 0 ? brief(used) : starts > 0 ? `${whole(starts)}×` : '·'
                const rest =
                  until <= from
                    ? 'the clock jumps over it'
                    : `${used > 0 ? '' : '0 '}of ${many(slots, 'slot')} expected, ${many(starts, 'start')}${isOver ? ', more than there are slots' : ''}`
                return (
                  <td
                    key={d.date}
                    data-day
                    data-shown={i === day ? '' : undefined}
                    class={`heat-${slotStep(used, slots)} ${isOver ? 'over' : ''} ${cell === chosen ? 'chosen' : ''}`}
                  >
                    <button
                      type="button"
                      tabIndex={i === day && hour === at.hour ? 0 : -1}
                      aria-pressed={cell === chosen}
                      title={`${where} ${used > 0 ? digits(used) : ''} ${rest}`}
                      onFocus={() => setAt({ day: i, hour })}
                      onClick={() => choose(cell)}
                    >
                      <span class="unseen">{where} </span>
                      {shown}
                      {isOver && <span aria-hidden="true"> ■</span>}
                      <span class="unseen"> {rest}</span>
                    </button>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

/** The minutes of a cell, and the schedules that fire in it. */
const Minutes = ({ cell, slots }: { cell: string; slots: number }) => {
  const [from, until] = hourOf(cell.slice(0, 10), Number(cell.slice(11, 13)), zone.value === 'utc')
  const isEmpty = until <= from
  // A simulation leaves out its first instant.
  const range = query({ from: new Date(from - 1).toISOString(), until: new Date(until - 1).toISOString() })
  const answer = useAnswer<SimulationView>(isEmpty ? null : `simulation${range}`, { when: c => c.schedules })
  if (isEmpty) return <Empty>The clock jumps over this hour.</Empty>
  return (
    <Shown answer={answer} lines={8}>
      {({ load, schedules, firings }) => {
        const first = Date.parse(load.from)
        const fires = schedules.filter(s => s.firings > 0).sort((a, b) => b.firings - a.firings || a.id.localeCompare(b.id))
        return (
          <div class="panels">
            <p class="mid">{many(firings, 'start')}. Each minute with the slots that are expected to be in use:</p>
            <ol class="minutes">
              {load.starts.map((starts, i) => {
                const at = first + i * load.minutesPerCell * 60_000
                const used = (load.busySeconds[i] ?? 0) / (load.minutesPerCell * 60)
                return at < from || at >= until ? null : (
                  <li
                    key={at}
                    class={`heat-${slotStep(used, slots)} ${slots > 0 && used > slots ? 'over' : ''}`}
                    title={`${minute(at)}: ${many(starts, 'start')}`}
                  >
                    :{minute(at).slice(3)} {used > 0 ? brief(used) : starts > 0 ? `${starts}×` : '·'}
                  </li>
                )
              })}
            </ol>
            {fires.length === 0 ? (
              <p class="weak">No schedule fires in this hour.</p>
            ) : (
              <table class="rows">
                <thead>
                  <tr>
                    <th scope="col">Schedule</th>
                    <th scope="col">Lane</th>
                    <th scope="col" class="num">
                      Starts
                    </th>
                    <th scope="col" class="num">
                      Each takes
                    </th>
                    <th scope="col">First</th>
                  </tr>
                </thead>
                <tbody>
                  {fires.slice(0, 50).map(s => (
                    <tr key={s.id}>
                      <td class="first-line">
                        <Link to={`schedules/${encodeURIComponent(s.id)}`} class="name">
                          <bdi>{s.id}</bdi>
                        </Link>
                      </td>
                      <td class="lane-cell" data-label="lane">
                        <bdi>{s.lane}</bdi>
                      </td>
                      <td class="num" data-label="starts">
                        {whole(s.firings)}
                      </td>
                      <td class="num" data-label="each">
                        {duration(s.meanSeconds)}
                      </td>
                      <td data-label="first">
                        <Time at={s.next[0]} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
            {fires.length > 50 && <p class="small weak">and {many(fires.length - 50, 'other schedule')}</p>}
          </div>
        )
      }}
    </Shown>
  )
}

/** What schedules will do, hour by hour: the slots that are expected to be in use. */
export const Calendar = () => {
  const filters = useFilters()
  const isUtc = zone.value === 'utc'
  const today = dateOf(serverNow(), isUtc)
  const from = isDate(filters.set.from) ? filters.set.from : today
  const cell = /^\d{4}-\d\d-\d\dT\d\d$/.test(filters.set.cell ?? '') ? filters.set.cell : undefined
  const name = isUtc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
  const range = {
    from: new Date(hourOf(from, 0, isUtc)[0]).toISOString(),
    until: new Date(hourOf(daysLater(from, 7), 0, isUtc)[0] - 1).toISOString(),
    zone: name,
  }
  const answer = useAnswer<CalendarView>(`calendar${query(range)}`, { when: c => c.schedules, every: 60 })
  const slots = figures.value?.slots ?? 0
  const week = (days: number) => {
    const to = daysLater(from, days)
    return filters.with({ from: to === today ? undefined : to, cell: undefined })
  }
  return (
    <div class="page full">
      <PageHead title="Calendar" beside={<span class="weak small">{name}</span>}>
        <a class="button" href={week(-7)}>
          Week before
        </a>
        {from !== today && (
          <a class="button" href={filters.with({ from: undefined, cell: undefined })}>
            Today
          </a>
        )}
        <a class="button" href={week(7)}>
          Week after
        </a>
        <Link to="schedules" class="button">
          <Icon name="clock" /> Schedules
        </Link>
      </PageHead>
      <div class="panels two calendar-panels">
        <Panel title="Expected slots in use" flush>
          <Shown answer={answer} lines={12}>
            {({ days, truncatedAt, hasDurations }) => (
              <>
                <Grid key={from} days={days.slice(0, 7)} slots={slots} chosen={cell} choose={c => filters.change({ cell: c })} />
                <div class="heat-scale">
                  <span>0</span>
                  <ol aria-hidden="true">
                    {[0, 1, 2, 3, 4, 5, 6].map(step => (
                      <li key={step} class={`heat-${step}`}>
                        &nbsp;
                      </li>
                    ))}
                  </ol>
                  <span>{slots > 0 ? `${whole(slots)}, the slots there are` : 'no worker is there: each hour beside itself'}</span>
                  <span>■ more than there are slots</span>
                  <span>◆ clock change</span>
                </div>
                <p class="table-foot small weak">
                  Starts × mean duration of each job in the last 7 days, without retries and runs of callers.
                  {!hasDurations && ' No run has succeeded yet, so durations are unknown: cells show starts (×).'}
                  {truncatedAt && (
                    <>
                      {' '}
                      There are too many firings to count: what follows <Time at={truncatedAt} /> is not shown.
                    </>
                  )}
                </p>
              </>
            )}
          </Shown>
        </Panel>
        <Panel title={cell ? `${cell.slice(0, 10)}, ${cell.slice(11)}:00` : 'Minutes'}>
          {cell ? <Minutes key={cell} cell={cell} slots={slots} /> : <p class="weak">Choose a cell to see its minutes and schedules.</p>}
        </Panel>
      </div>
    </div>
  )
}
