import { useEffect, useRef } from 'preact/hooks'
import { serverNow } from '../../data/live'
import { useAnswer } from '../../data/query'
import type { ScheduleView, ScheduleViewPage } from '../../data/types'
import { Ago, Empty, Link, Panel, Shown, Time, useNow } from '../../parts/basics'
import { Old, quiet } from './Old'

const most = 6
const calmMs = 10_000

const soonest = (schedules: ScheduleView[]) =>
  schedules
    .filter(s => s.nextFireAt !== null)
    .sort((a, b) => Date.parse(a.nextFireAt!) - Date.parse(b.nextFireAt!) || a.id.localeCompare(b.id))
    .slice(0, most)

const Rows = ({ schedules, reload, at }: { schedules: ScheduleView[]; reload: () => void; at: number }) => {
  const rows = useRef<ScheduleView[]>([])
  const isHeld = useRef(false)
  // Rows do not move under the pointer.
  if (!isHeld.current || rows.current.length === 0) rows.current = soonest(schedules)
  const hold = (held: boolean) => () => {
    isHeld.current = held
  }
  const now = useNow()
  const first = rows.current[0]?.nextFireAt
  const isPast = first !== undefined && first !== null && Date.parse(first) < now - 1_000 && Date.now() - at > calmMs
  useEffect(() => {
    if (isPast && !isHeld.current) reload()
  }, [isPast])
  if (rows.current.length === 0)
    return <Empty command="fleet schedule create hourly --job diag.echo --cron '0 * * * *'">No schedule fires. To add one:</Empty>
  return (
    <table class="rows" onPointerEnter={hold(true)} onPointerLeave={hold(false)} onFocusIn={hold(true)} onFocusOut={hold(false)}>
      <thead>
        <tr>
          <th scope="col">at</th>
          <th scope="col">schedule</th>
          <th scope="col">in</th>
        </tr>
      </thead>
      <tbody>
        {/* Keys by place: what fires next comes into its row, and no row moves. */}
        {rows.current.map((s, i) => (
          <tr key={i}>
            <td>
              <Time at={s.nextFireAt} />
            </td>
            <td class="name first-line">
              <Link to={`schedules/${encodeURIComponent(s.id)}`} class="one-line" title={s.words}>
                <bdi>{s.id}</bdi>
              </Link>
            </td>
            <td>{Date.parse(s.nextFireAt!) > serverNow() ? <Ago at={s.nextFireAt} /> : 'now'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** What fires next. */
export const NextFirings = () => {
  const answer = useAnswer<ScheduleViewPage>('schedules', { when: c => c.schedules, every: 60 })
  return (
    <Panel title="Next firings" beside={<Old answer={answer} />} flush class="short-list firing">
      <Shown answer={quiet(answer)} lines={6}>
        {({ items }) => <Rows schedules={items} reload={answer.reload} at={answer.at ?? 0} />}
      </Shown>
    </Panel>
  )
}
