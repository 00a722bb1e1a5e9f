import { useState } from 'preact/hooks'
import * as format from '../../data/format'
import { figures } from '../../data/live'
import { type Answer, useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { CountView, LanePauseView, LaneView, StatisticsView } from '../../data/types'
import { Actor, Bar, Icon, Link, Time, useNow } from '../../parts/basics'
import { PauseLane, ResumeLane } from './dialogs'

/** The lane with what the live figures know of it. */
export const withFigures = (lane: LaneView): LaneView & { oldestAt?: string | null } => {
  const live = figures.value?.lanes.find(l => l.name === lane.name)
  return live ? { ...lane, ready: live.ready, running: live.running, oldestAt: live.oldestReadyAt } : lane
}

export const runsOf = (lane: string, state?: string): string =>
  `runs?q=${encodeURIComponent(state ? `lane:${lane} state:${state}` : `lane:${lane}`)}`

/** Start delays of the last minutes, by lane. */
export const useDelays = (): Map<string, number> => {
  const { data } = useAnswer<StatisticsView>('statistics?by=lane&since=10m&top=100', { every: 30 })
  return new Map((data?.series ?? []).flatMap(s => (s.total.wait?.count ? [[s.key, s.total.wait.p99]] : [])))
}

export const RunCount = ({ of, lane, state }: { of: CountView; lane: string; state: string }) =>
  of.value === 0 ? <span class="weak">0</span> : <Link to={runsOf(lane, state)}>{format.count(of)}</Link>

/** How long the run that has waited longest has been due. */
export const Oldest = ({ lane }: { lane: LaneView & { oldestAt?: string | null } }) => {
  const now = useNow()
  if (lane.ready.value === 0) return <span class="weak">–</span>
  const age = lane.oldestAt ? (now - Date.parse(lane.oldestAt)) / 1000 : format.seconds(lane.oldestReadyAge)
  return <span class="nowrap">{format.duration(age && Math.max(0, age >= 1 ? Math.floor(age) : age))}</span>
}

/** Slots of a lane; without a worker, that in words. */
export const Slots = ({ lane }: { lane: LaneView }) => {
  if (lane.workers === 0)
    return (
      <span class={lane.ready.value > 0 || lane.scheduledSoon.value > 0 ? 'bad nowrap' : 'weak nowrap'}>
        {lane.ready.value > 0 ? '■ ' : ''}no worker serves it
      </span>
    )
  const busy = lane.running.value
  return (
    <span class="slots">
      <Bar part={lane.slots === 0 ? 0 : busy / lane.slots} label={`${busy} of ${format.many(lane.slots, 'slot')} busy`} />
      <span class="nowrap small">
        {format.count(lane.running)}/{format.whole(lane.slots)}
      </span>
    </span>
  )
}

/** By whom, why and until when a lane is paused, and who has not confirmed it. */
export const PausedBy = ({ pause }: { pause: LanePauseView }) => (
  <span class="small paused-by">
    <span class="retry">↻ paused</span>
    {pause.by && (
      <>
        {' '}
        by <Actor by={pause.by} />
      </>
    )}{' '}
    since <Time at={pause.since} />
    {pause.until ? (
      <>
        {' '}
        until <Time at={pause.until} />
      </>
    ) : (
      ', without an end'
    )}
    {pause.reason && (
      <>
        : “<bdi>{pause.reason}</bdi>”
      </>
    )}
    {pause.unconfirmedWorkers > 0 && <span class="bad"> Not confirmed by {format.many(pause.unconfirmedWorkers, 'worker')} yet.</span>}
  </span>
)

/** Pauses or resumes a lane. */
export const LaneAction = ({ lane, answer }: { lane: LaneView; answer: Pick<Answer<unknown>, 'reload'> }) => {
  const [open, setOpen] = useState<'pause' | 'resume'>()
  if (!may('operate')) return null
  const verb = lane.paused ? 'resume' : 'pause'
  const close = () => setOpen(undefined)
  return (
    <>
      <button
        type="button"
        class="small-button"
        aria-label={`${lane.paused ? 'Resume' : 'Pause'} lane ${lane.name}`}
        onClick={() => setOpen(verb)}
      >
        <Icon name={lane.paused ? 'play' : 'pause'} /> {lane.paused ? 'Resume' : 'Pause'}
      </button>
      {open === 'pause' && <PauseLane lane={lane.name} done={answer.reload} close={close} />}
      {open === 'resume' && <ResumeLane lane={lane.name} done={answer.reload} close={close} />}
    </>
  )
}
