import { useState } from 'preact/hooks'
import { call } from '../../data/api'
import * as format from '../../data/format'
import { figures } from '../../data/live'
import { may } from '../../data/session'
import type { SlotSampleView, WorkerView } from '../../data/types'
import { Actor, Time } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { useRefusal } from '../../parts/refusal'
import { tell } from '../../parts/told'
import { stripWords } from './strips'

const height = 24
const span = 600_000

/** Busy slots over ten minutes; where nothing was written, there is a gap. */
export const SlotStrip = ({ samples, from }: { samples: SlotSampleView[]; from: string }) => {
  const begin = Date.parse(from)
  const most = Math.max(1, ...samples.map(s => Math.max(s.slots, s.busy)))
  const x = (at: number) => ((at - begin) / span) * 600
  return (
    <svg class="slot-strip" viewBox={`0 0 600 ${height}`} preserveAspectRatio="none" role="img" aria-label={stripWords(samples)}>
      {samples.map(s => {
        const at = Date.parse(s.at)
        const left = Math.max(0, x(at))
        const width = Math.max(0, x(at + s.seconds * 1000) - left)
        const busy = s.busy > 0.01 ? Math.max(1, (s.busy / most) * height) : 0
        const room = (s.slots / most) * height
        return (
          <g key={s.at}>
            <title>
              {`${format.clock(s.at)}: ${Number(s.busy.toFixed(1))} of ${Math.round(s.slots)} slots busy, ${format.many(s.ended, 'attempt')} ended`}
            </title>
            <rect class="room" x={left} y={height - room} width={width} height={room} />
            <rect class="busy" x={left} y={height - busy} width={width} height={busy} />
          </g>
        )
      })}
    </svg>
  )
}

/** The runs of which a finding says that they are stuck. */
export const stuckRuns = (): Set<string> =>
  new Set((figures.value?.findings ?? []).flatMap(f => (f.code === 'run_stuck' && f.link ? [f.link.slice('runs/'.length)] : [])))

export const slotsOf = (worker: WorkerView): number => Object.values(worker.lanes).reduce((sum, n) => sum + n, 0)

/** The lanes of a worker with its slots for each. */
export const LanesOf = ({ of }: { of: WorkerView }) => (
  <span class="worker-lanes">
    {Object.entries(of.lanes).map(([lane, slots], i) => (
      <span key={lane}>
        {i > 0 && ', '}
        <bdi>{lane}</bdi> {slots}
      </span>
    ))}
  </span>
)

/** By whom, when and why a worker was drained. */
export const DrainedBy = ({ of }: { of: WorkerView }) =>
  of.drainSince === null ? null : (
    <span>
      Drained
      {of.drainBy && (
        <>
          {' '}
          by <Actor by={of.drainBy} />
        </>
      )}{' '}
      at <Time at={of.drainSince} />
      {of.drainReason && (
        <>
          : “<bdi>{of.drainReason}</bdi>”
        </>
      )}
    </span>
  )

/** Drains a worker, or lets it take runs again. */
export const WorkerAction = ({ of, done, small }: { of: WorkerView; done: () => void; small?: boolean }) => {
  const [isOpen, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const refusal = useRefusal()
  if (!may('operate') || of.state === 'gone') return null
  const isDrained = of.drainSince !== null
  const run = refusal.heard(async () => {
    await call(`workers/${encodeURIComponent(of.id)}/${isDrained ? 'resume' : 'drain'}`, {
      body: isDrained ? {} : { reason: reason.trim() || null },
    })
    tell(
      <>
        Worker <bdi>{of.name}</bdi> {isDrained ? 'takes runs again.' : 'takes no new runs.'}
      </>,
    )
    setReason('')
    done()
  })
  return (
    <>
      <button
        type="button"
        class={small ? 'small-button' : ''}
        aria-label={`${isDrained ? 'Resume' : 'Drain'} worker ${of.name}`}
        onClick={() => setOpen(true)}
      >
        {isDrained ? 'Resume' : 'Drain'}
      </button>
      {isOpen && (
        <Act
          title={
            <>
              {isDrained ? 'Resume' : 'Drain'} worker <bdi>{of.name}</bdi>
            </>
          }
          verb={isDrained ? 'Resume' : 'Drain'}
          run={run}
          close={() => setOpen(false)}
        >
          {isDrained ? (
            <p class="mid">The worker takes runs again.</p>
          ) : (
            <>
              <p class="mid">
                The worker takes no new runs and finishes the {format.many(of.running, 'run')} that it executes. Its process stays.
              </p>
              <Field label="Reason (optional)" wrong={refusal.of('reason')}>
                <input value={reason} maxLength={500} onInput={e => setReason(e.currentTarget.value)} />
              </Field>
            </>
          )}
        </Act>
      )}
    </>
  )
}
