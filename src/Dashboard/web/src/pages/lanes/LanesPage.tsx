import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { call, query } from '../../data/api'
import { count, digits, duration, seconds } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { LaneView, LaneViewPage, RatesView } from '../../data/types'
import { Actor, Bar, Empty, Link, PageHead, Shown, Time } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { tell } from '../../parts/told'
import { Until } from '../../parts/until'
import '../../style/lanes.css'

/** The lanes: what waits in each, what executes, and who may start it. */
export const LanesPage = () => {
  const lanes = useAnswer<LaneViewPage>('lanes', { when: changes => changes.lanes.length > 0, every: 2 })
  const rates = useAnswer<RatesView>('statistics/now', { every: 5 })
  // Who comes from a finding looks for one lane.
  const picked = useLocation().query.lane
  const [pausing, setPausing] = useState<LaneView>()
  const [until, setUntil] = useState<string | null>(null)
  const [reason, setReason] = useState('')
  const resume = async (lane: string) => {
    await call(`lanes/${encodeURIComponent(lane)}/resume`, { method: 'POST' })
    tell(`Lane ${lane} goes on.`)
    lanes.reload()
  }
  const pause = async () => {
    await call(`lanes/${encodeURIComponent(pausing!.name)}/pause`, { body: { until, reason: reason || null } })
    tell(`Lane ${pausing!.name} is paused.`)
    lanes.reload()
  }
  return (
    <div class="page">
      <PageHead title="Lanes" />
      <section class="panel" aria-label="Lanes">
        <Shown answer={lanes}>
          {page =>
            page.items.length === 0 ? (
              <Empty>No lane is known yet: a lane is there as soon as a worker serves it, or a run waits in it.</Empty>
            ) : (
              <table class="rows lanes">
                <thead>
                  <tr>
                    {['lane', 'ready', 'running', 'due soon', 'oldest ready', 'slots', 'ended per s'].map((name, i) => (
                      <th scope="col" key={name} class={i > 0 && i !== 5 ? 'num' : ''}>
                        {name}
                      </th>
                    ))}
                    <th scope="col">
                      <span class="unseen">actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {page.items.map(lane => (
                    <Row
                      key={lane.name}
                      lane={lane}
                      isPicked={lane.name === picked}
                      perSecond={rates.data?.lanes.find(r => r.lane === lane.name)?.last10.perSecond}
                      pause={() => {
                        setReason('')
                        setUntil(null)
                        setPausing(lane)
                      }}
                      resume={() => resume(lane.name)}
                    />
                  ))}
                </tbody>
              </table>
            )
          }
        </Shown>
      </section>
      {pausing && (
        <Act title={`Pause lane ${pausing.name}`} verb="Pause" run={pause} close={() => setPausing(undefined)}>
          <p>Its runs wait; those that execute go on to their end. Runs are still accepted.</p>
          <Until none="somebody resumes it" set={setUntil} />
          <Field label="Reason (optional)">
            <input maxLength={500} value={reason} onInput={e => setReason(e.currentTarget.value)} />
          </Field>
        </Act>
      )}
    </div>
  )
}

const Row = ({
  lane,
  isPicked,
  perSecond,
  pause,
  resume,
}: {
  lane: LaneView
  isPicked: boolean
  perSecond?: number
  pause: () => void
  resume: () => void
}) => {
  const oldest = seconds(lane.oldestReadyAge)
  const runs = (state: string) => `runs${query({ q: `state:${state} lane:${lane.name}` })}`
  return (
    <tr class={isPicked ? 'picked' : ''}>
      <td class="first-line">
        <Link to={`runs${query({ q: `lane:${lane.name}` })}`} class="name">
          <bdi>{lane.name}</bdi>
        </Link>
        {lane.paused && (
          <p class="small retry">
            paused by <Actor by={lane.paused.by} />
            {lane.paused.until ? (
              <>
                {' '}
                until <Time at={lane.paused.until} />
              </>
            ) : (
              ' until somebody resumes it'
            )}
            {lane.paused.reason && (
              <>
                : <bdi>{lane.paused.reason}</bdi>
              </>
            )}
            {lane.paused.unconfirmedWorkers > 0 && ` – not confirmed yet by ${lane.paused.unconfirmedWorkers} of its workers`}
          </p>
        )}
        {lane.workers === 0 && <p class="small bad">no worker serves it</p>}
      </td>
      <td class="num" data-label="ready">
        <Link to={runs('ready')}>{count(lane.ready)}</Link>
      </td>
      <td class="num" data-label="running">
        <Link to={runs('running')}>{count(lane.running)}</Link>
      </td>
      <td class="num" data-label="due soon">
        {count(lane.scheduledSoon)}
      </td>
      <td class="num" data-label="oldest ready">
        {lane.ready.value === 0 ? '–' : duration(oldest === undefined ? oldest : Math.round(oldest * 10) / 10)}
      </td>
      <td data-label="slots">
        <span class="slots">
          <Bar part={lane.slots === 0 ? 0 : lane.running.value / lane.slots} label={`${lane.running.value} of ${lane.slots} slots busy`} />
          <span class="nowrap">
            {lane.running.value} / {lane.slots}
          </span>
        </span>
      </td>
      <td class="num" data-label="per s">
        {perSecond === undefined ? '–' : digits(perSecond)}
      </td>
      <td class="num">
        {may('operate') &&
          (lane.paused ? (
            <button type="button" aria-label={`Resume lane ${lane.name}`} onClick={resume}>
              Resume
            </button>
          ) : (
            <button type="button" aria-label={`Pause lane ${lane.name}`} onClick={pause}>
              Pause
            </button>
          ))}
      </td>
    </tr>
  )
}
