import { useState } from 'preact/hooks'
import { ApiError, call } from '../../data/api'
import { count, duration, exact, many } from '../../data/format'
import { serverNow } from '../../data/live'
import type { BackfillBody, BackfillView, EnqueuedView, ScheduleView } from '../../data/types'
import { Link, Time } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { useRefusal } from '../../parts/refusal'
import { tell } from '../../parts/told'
import { fromField, Until } from '../../parts/until'

interface Asks {
  of: ScheduleView
  close: () => void
  done: () => void
}

const route = (id: string, verb: string) => `schedules/${encodeURIComponent(id)}/${verb}`

const Reason = ({ value, set, wrong }: { value: string; set: (reason: string) => void; wrong?: string }) => (
  <Field label="Reason (optional)" wrong={wrong}>
    <input maxLength={500} value={value} onInput={e => set(e.currentTarget.value)} />
  </Field>
)

const title = (verb: string, id: string) => (
  <>
    {verb} <bdi>{id}</bdi>
  </>
)

export const Pause = ({ of, close, done }: Asks) => {
  const [until, setUntil] = useState<string | null>(null)
  const [reason, setReason] = useState('')
  const refusal = useRefusal()
  const run = refusal.heard(async () => {
    await call<ScheduleView>(route(of.id, 'pause'), { body: { until, reason: reason.trim() || null } })
    tell(
      <>
        <bdi>{of.id}</bdi> is paused
        {until && (
          <>
            {' '}
            until <Time at={until} />
          </>
        )}
        .
      </>,
    )
    done()
  })
  return (
    <Act title={title('Pause', of.id)} verb="Pause" run={run} close={close}>
      <p class="mid">Planned runs are revoked at once. Fire times that pass meanwhile are skipped; what is due or executing goes on.</p>
      <Until none="somebody resumes it" set={setUntil} />
      {refusal.of('until') && <p class="wrong">{refusal.of('until')}</p>}
      <Reason value={reason} set={setReason} wrong={refusal.of('reason')} />
    </Act>
  )
}

const controls = {
  resume: ['Resume', 'resumed', 'It fires from its next fire time on. Those that have passed meanwhile stay skipped.'],
  start: ['Start', 'started', 'It fires from its next fire time on. Those that have passed meanwhile stay skipped.'],
  stop: ['Stop', 'stopped', 'Planned runs are revoked at once, and it fires again only when somebody starts it.'],
} as const

export const Control = ({ verb, of, close, done }: Asks & { verb: keyof typeof controls }) => {
  const [reason, setReason] = useState('')
  const [name, was, says] = controls[verb]
  const run = async () => {
    await call<ScheduleView>(route(of.id, verb), { body: { reason: reason.trim() || null } })
    tell(
      <>
        <bdi>{of.id}</bdi> is {was}.
      </>,
    )
    done()
  }
  return (
    <Act title={title(name, of.id)} verb={name} danger={verb === 'stop'} run={run} close={close}>
      <p class="mid">{says}</p>
      <Reason value={reason} set={setReason} />
    </Act>
  )
}

export const Trigger = ({ of, close, done }: Asks) => {
  const run = async () => {
    const { id } = await call<EnqueuedView>(route(of.id, 'trigger'), { body: {} })
    tell(
      <>
        A run of <bdi>{of.id}</bdi> begins. <Link to={`runs/${id}`}>Follow it</Link>
      </>,
    )
    done()
  }
  return (
    <Act title={title('Run now:', of.id)} verb="Run now" run={run} close={close}>
      <p class="mid">
        Makes one more run of <bdi>{of.job}</bdi> with the stored args, whatever the schedule’s state. The next fire times stay as they are.
      </p>
    </Act>
  )
}

export const Delete = ({ of, close, done }: Asks) => {
  const [typed, setTyped] = useState('')
  const run = async () => {
    await call(`schedules/${encodeURIComponent(of.id)}`, { method: 'DELETE', headers: { 'If-Match': `"${of.version}"` } })
    tell(
      <>
        <bdi>{of.id}</bdi> is deleted.
      </>,
    )
    done()
  }
  return (
    <Act title={title('Delete', of.id)} verb="Delete" danger disabled={typed !== of.id} run={run} close={close}>
      <p class="mid">It fires no more, and its planned runs are revoked. Runs that have begun or ended stay.</p>
      <Field label={<>Type {of.id} to confirm</>}>
        <input required autocomplete="off" spellcheck={false} value={typed} onInput={e => setTyped(e.currentTarget.value)} />
      </Field>
    </Act>
  )
}

const spans = [
  ['Last hour', 3600],
  ['Last day', 86_400],
  ['Last 7 days', 604_800],
  ['Other…', 0],
] as const

/** Creates runs for fire times of the past that have none; counts them first. */
export const Backfill = ({ of, close, done }: Asks) => {
  const [span, setSpan] = useState(86_400)
  const [now] = useState(serverNow)
  const [from, setFrom] = useState('')
  const [until, setUntil] = useState('')
  const [rate, setRate] = useState('60')
  const [lane, setLane] = useState('')
  const [preview, setPreview] = useState<{ of: string; view: BackfillView }>()
  const refusal = useRefusal()
  const perMinute = Number(rate)
  const isRate = Number.isInteger(perMinute) && perMinute >= 1 && perMinute <= 60_000
  const body: BackfillBody = {
    from: span ? new Date(now - span * 1000).toISOString() : fromField(from),
    until: span ? new Date(now).toISOString() : fromField(until),
    perMinute,
    lane: lane.trim() || null,
  }
  const asked = JSON.stringify(body)
  const shown = preview?.of === asked ? preview.view : undefined
  const run = refusal.heard(async () => {
    if (!isRate) throw new ApiError(0, { detail: 'The rate is a whole number from 1 to 60 000.' })
    const view = await call<BackfillView>(route(of.id, 'backfill'), { body: { ...body, dryRun: !shown } })
    if (!shown) {
      setPreview({ of: asked, view })
      return 'stay'
    }
    tell(`${many(view.count, 'run')} will make up for the past, ${count({ value: perMinute, relation: 'eq' })} a minute.`)
    done()
  })
  const instant = (label: string, name: string, value: string, set: (value: string) => void) => (
    <Field label={label} wrong={refusal.of(name)}>
      <input type="datetime-local" required value={value} onInput={e => set(e.currentTarget.value)} />
    </Field>
  )
  return (
    <Act
      title={title('Backfill', of.id)}
      verb={shown ? `Create ${many(shown.count, 'run')}` : 'Count'}
      disabled={shown?.count === 0}
      run={run}
      close={close}
    >
      <p class="mid">Creates a run for each fire time of a range of the past that has none.</p>
      <div class="until">
        <Field label="Range">
          <select value={span} onChange={e => setSpan(Number(e.currentTarget.value))}>
            {spans.map(([name, length]) => (
              <option key={length} value={length}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        {span === 0 && instant('From (included)', 'from', from, setFrom)}
        {span === 0 && instant('Until (not included)', 'until', until, setUntil)}
      </div>
      <div class="until">
        <Field label="Runs per minute" wrong={refusal.of('perMinute')}>
          <input
            inputMode="numeric"
            required
            value={rate}
            aria-invalid={!isRate || undefined}
            onInput={e => setRate(e.currentTarget.value)}
          />
        </Field>
        <Field label="Lane (empty: the schedule’s)" wrong={refusal.of('lane')}>
          <input value={lane} autocomplete="off" onInput={e => setLane(e.currentTarget.value)} />
        </Field>
      </div>
      <div role="status">
        {shown && (
          <p class="notice">
            {shown.count === 0 ? 'There is nothing to make up for. ' : `${many(shown.count, 'run')}`}
            {shown.first && shown.last && shown.count > 0 && (
              <>
                , for {exact(shown.first)} to {exact(shown.last)}, over about {duration(Math.max(1, (shown.count / perMinute) * 60))}.{' '}
              </>
            )}
            {shown.existing > 0 && `${many(shown.existing, 'fire time has', 'fire times have')} a run already. `}
            {shown.oldestKept && (
              <>
                The oldest fire time whose run is still kept: {exact(shown.oldestKept)}. What was done before it and is deleted would be
                done again.
              </>
            )}
          </p>
        )}
      </div>
    </Act>
  )
}
