import { useEffect, useState } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import { ApiError, call, query, text } from '../../data/api'
import { zone as shownZone } from '../../data/choices'
import { differences, hasSecret } from '../../data/diff'
import { parseExact } from '../../data/exact'
import { digits, many, whole } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { JobViewPage, LaneViewPage, PutScheduleBody, ScheduleDiffView, ScheduleView, TriggerView } from '../../data/types'
import { Empty, Failed, href, Link, Loading, PageHead, Panel, Time } from '../../parts/basics'
import { Changes } from '../../parts/changes'
import { tell } from '../../parts/told'
import '../../style/schedules.css'
import { bodyOf, type Form, formOf, rebased } from './form'
import { readOnly } from './Schedule'
import { schedulePath, Warnings } from './Schedules'

const pauseMs = 400

const errorOf = (e: unknown) => (e instanceof ApiError ? e : new ApiError(0, { detail: String(e) }))

interface Checked<T> {
  of: string
  data?: T
  error?: ApiError
}

/** Asks the server while somebody types, once they pause; null asks nothing. The last answer stays until the next comes. */
const useChecked = <T,>(of: string | null, ask: (signal: AbortSignal) => Promise<T>): Checked<T> | undefined => {
  const [checked, setChecked] = useState<Checked<T>>()
  useEffect(() => {
    if (of === null) {
      setChecked(undefined)
      return
    }
    const ended = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const data = await ask(ended.signal)
        setChecked({ of, data })
      } catch (e) {
        if (!ended.signal.aborted) setChecked({ of, error: errorOf(e) })
      }
    }, pauseMs)
    return () => {
      clearTimeout(timer)
      ended.abort()
    }
  }, [of])
  return checked
}

const zones = (() => {
  try {
    return Intl.supportedValuesOf('timeZone')
  } catch {
    return []
  }
})()

const misfires = [
  ['runLatest', 'one run, for the latest'],
  ['skip', 'no run'],
  ['runAll', 'a run for each, at most 100'],
] as const

const overlaps = [
  ['allow', 'runs beside it'],
  ['skip', 'is skipped'],
  ['queue', 'waits for its turn'],
  ['replace', 'replaces it'],
] as const

/** What an edit adds and removes, and what it collides with. */
const Effects = ({ diff, planned }: { diff: ScheduleDiffView; planned: number }) => (
  <div class="panels">
    <p>
      Next 7 days: <b class="good">+{whole(diff.added)}</b>, <b class="bad">−{whole(diff.removed)}</b>, {whole(diff.kept)} stay.
      {planned > 0 && ` Saving revokes ${many(planned, 'planned run')} that no longer ${planned === 1 ? 'applies' : 'apply'}.`}
    </p>
    <Warnings of={diff} />
    {diff.changes.length > 0 && (
      <div class="scroller changes" tabIndex={0} role="region" aria-label="Next firings before and after">
        <table>
          <thead>
            <tr>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {diff.changes.slice(0, 20).map((c, i) => {
              const isAdded = c.change === 'added'
              const at = (
                <>
                  <span class={isAdded ? 'good' : 'bad'}>
                    <span aria-hidden="true">{isAdded ? '+' : '−'} </span>
                    <span class="unseen">{c.change} </span>
                    {c.local.slice(0, 16).replace('T', ' ')}
                  </span>
                  {c.clockEffect && <span class="small retry clock-effect">◆ {c.clockEffect.text}</span>}
                </>
              )
              return (
                <tr key={i}>
                  <td>{!isAdded && at}</td>
                  <td>{isAdded && at}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    )}
    {diff.changes.length > 20 && <p class="small weak">The first 20 changes are shown.</p>}
    {diff.collisions.count > 0 && (
      <div>
        <h3>
          Collides in {many(diff.collisions.count, 'minute')} with others of lane {diff.collisions.lane}
        </h3>
        <ul class="small">
          {diff.collisions.worst.slice(0, 5).map(c => (
            <li key={c.minute} class={c.expectedSlots > diff.collisions.slots ? 'bad' : 'mid'}>
              <Time at={c.minute} />: {many(c.starts, 'start')}, {digits(c.expectedSlots)} of {many(diff.collisions.slots, 'slot')}{' '}
              expected, with <bdi>{c.schedules.map(s => s.id).join(', ')}</bdi>
              {c.moreSchedules > 0 && ` and ${c.moreSchedules} others`}
            </li>
          ))}
        </ul>
      </div>
    )}
  </div>
)

const Editor = ({ id: fixed, first, reread }: { id?: string; first?: ScheduleView; reread?: () => Promise<ScheduleView> }) => {
  const { route } = useLocation()
  const [base, setBase] = useState(first)
  const [theirs, setTheirs] = useState<ScheduleView>()
  const [id, setId] = useState(fixed ?? '')
  const [form, setForm] = useState(() => formOf(first))
  const [error, setError] = useState<ApiError>()
  const [isBusy, setBusy] = useState(false)
  const jobs = useAnswer<JobViewPage>('jobs')
  const lanes = useAnswer<LaneViewPage>('lanes')
  const live = useAnswer<ScheduleView>(fixed ? schedulePath(fixed) : null, { when: c => c.schedules, every: 15 })

  // Somebody else has changed it: what they did is shown, and nothing typed is lost.
  const isOld = !!live.data && !!base && live.data.version !== base.version
  const look = async () => {
    try {
      const now = await reread!()
      setTheirs(now.version === base?.version ? undefined : now)
    } catch (e) {
      setError(errorOf(e))
    }
  }
  useEffect(() => {
    if (isOld) look()
  }, [live.data?.version])
  const rebase = () => {
    setForm(rebased(form, formOf(base), formOf(theirs)))
    setBase(theirs)
    setTheirs(undefined)
    setError(undefined)
  }

  let body: PutScheduleBody | undefined
  let wrongArgs: string | undefined
  try {
    body = bodyOf(form, base)
  } catch (e) {
    wrongArgs = `This is no JSON: ${(e as Error).message}`
  }
  const stored = base && bodyOf(formOf(base), base)
  const changed = body && stored ? differences(stored, body) : []
  const asked = body && JSON.stringify(body)

  const { cron, every, anchor, at, zone, startsAt, endsAt, exclude, jitter } = body ?? ({} as Partial<PutScheduleBody>)
  const trigger =
    cron || every || at ? query({ cron, every, anchor, at, zone, startsAt, endsAt, exclude: exclude?.join(','), jitter, count: 5 }) : null
  const words = useChecked(trigger, signal => call<TriggerView>(`triggers/describe${trigger}`, { signal }))
  const isComplete = asked && trigger && body!.job
  const effects = useChecked(fixed && isComplete && changed.length > 0 ? asked : null, signal =>
    call<ScheduleDiffView>(`${schedulePath(fixed!)}/diff?count=100`, { body, signal }),
  )
  const trial = useChecked(!fixed && isComplete && id ? id + asked : null, signal =>
    call(`${schedulePath(id)}?dryRun=true`, { method: 'PUT', body, headers: { 'If-None-Match': '*' }, signal }),
  )

  const refused = error ?? effects?.error ?? trial?.error ?? words?.error
  const of = (field: string) =>
    refused?.of(field) ?? refused?.problem.errors?.find(e => e.field.startsWith(`${field}.`) || e.field.startsWith(`${field}[`))?.detail
  const shownAt = ['job', 'cron', 'every', 'at', 'anchor', 'zone', 'lane', 'maxAttempts', 'tags', 'maxOccurrences', 'startsAt', 'endsAt']
  const isElsewhere =
    refused && ![...shownAt, 'exclude', 'jitter', 'misfire', 'misfireDeadline', 'overlap', 'labels', 'args', 'id'].some(of)

  const planned =
    effects?.of === asked && base?.plannedUntil && base.status === 'running'
      ? (effects?.data?.changes ?? []).filter(c => c.change === 'removed' && Date.parse(c.at) <= Date.parse(base.plannedUntil!)).length
      : 0
  const save = async (event: Event) => {
    event.preventDefault()
    if (isBusy || !body) return
    setBusy(true)
    setError(undefined)
    try {
      const headers: Record<string, string> = base ? { 'If-Match': `"${base.version}"` } : { 'If-None-Match': '*' }
      await call<ScheduleView>(schedulePath(id), { method: 'PUT', body, headers })
      tell(
        <>
          <bdi>{id}</bdi> is saved.
        </>,
      )
      route(href(schedulePath(id)))
    } catch (e) {
      const failed = errorOf(e)
      setError(failed)
      if ([409, 412].includes(failed.status) && reread) await look()
    } finally {
      setBusy(false)
    }
  }
  const set = (name: keyof Form) => (e: { currentTarget: { value: string } }) => {
    setError(undefined)
    setForm({ ...form, [name]: e.currentTarget.value })
  }
  const field = (
    label: string,
    name: keyof Form,
    more: { list?: string; hint?: string; type?: 'datetime-local'; required?: boolean; class?: string } = {},
  ) => (
    <label class={`field ${more.class ?? ''}`}>
      <span class="label">{label}</span>
      <input
        type={more.type}
        step={more.type ? 1 : undefined}
        list={more.list}
        required={more.required}
        placeholder={more.hint}
        autocomplete="off"
        spellcheck={false}
        value={form[name]}
        aria-invalid={of(name) ? true : undefined}
        onInput={set(name)}
      />
      {of(name) && <span class="wrong">{of(name)}</span>}
    </label>
  )
  const choice = (label: string, name: keyof Form, choices: readonly (readonly [string, string])[]) => (
    <label class="field">
      <span class="label">{label}</span>
      <select value={form[name]} onChange={set(name)}>
        {choices.map(([word, says]) => (
          <option key={word} value={word}>
            {word}: {says}
          </option>
        ))}
        {/* A newer server may have others. */}
        {!choices.some(([word]) => word === form[name]) && <option value={form[name]}>{form[name]}</option>}
      </select>
      {of(name) && <span class="wrong">{of(name)}</span>}
    </label>
  )
  const area = (label: string, name: keyof Form, rows: number, wrong?: string) => (
    <label class="field whole">
      <span class="label">{label}</span>
      <textarea rows={rows} spellcheck={false} value={form[name]} aria-invalid={wrong || of(name) ? true : undefined} onInput={set(name)} />
      {(wrong ?? of(name)) && <span class="wrong">{wrong ?? of(name)}</span>}
    </label>
  )
  const inZone = shownZone.value === 'utc' ? ', UTC' : ''
  return (
    <form class="panels" onSubmit={save}>
      {theirs && (
        <div class="notice retry panels" role="alert">
          <p>
            <strong>Somebody else has changed this schedule meanwhile.</strong> What you have typed is kept.
          </p>
          <Changes
            of={base ? differences(bodyOf(formOf(base), base), bodyOf(formOf(theirs), theirs)) : []}
            none={`The definition is the same; its state is now ${theirs.status}.`}
          />
          <p>
            <button type="button" onClick={rebase}>
              Take their changes, keep mine
            </button>
          </p>
        </div>
      )}
      <div class="panels two">
        <Panel title="Trigger">
          <div class="edit-fields">
            {!fixed && (
              <label class="field">
                <span class="label">Id</span>
                <input
                  required
                  autocomplete="off"
                  spellcheck={false}
                  placeholder="nightly-report"
                  value={id}
                  aria-invalid={of('id') ? true : undefined}
                  onInput={e => {
                    setError(undefined)
                    setId(e.currentTarget.value.trim())
                  }}
                />
                {of('id') && <span class="wrong">{of('id')}</span>}
              </label>
            )}
            <label class="field">
              <span class="label">Fires</span>
              <select value={form.trigger} onChange={set('trigger')}>
                <option value="cron">by a cron expression</option>
                <option value="every">every so long</option>
                <option value="at">once</option>
              </select>
            </label>
            {form.trigger === 'cron' && field('Cron', 'cron', { required: true, hint: '0 3 * * *' })}
            {form.trigger === 'every' && field('Every', 'every', { required: true, hint: '15s, 1h30m' })}
            {form.trigger === 'every' && field(`Counted from${inZone}`, 'anchor', { type: 'datetime-local' })}
            {form.trigger === 'at' && field(`At${inZone}`, 'at', { type: 'datetime-local', required: true })}
            {field('Time zone', 'zone', { list: 'zones', hint: 'UTC' })}
            <div class="whole in-words" role="status">
              {words?.data && (
                <>
                  <p>
                    <span class="good" aria-hidden="true">
                      ✓{' '}
                    </span>
                    <strong>{words.data.words}</strong>
                  </p>
                  <Warnings of={words.data} />
                  <ul class="small mid">
                    {words.data.items.map((f, i) => (
                      <li key={i}>
                        {f.local.slice(0, 19).replace('T', ' ')}
                        {f.clockEffect && <span class="retry"> ◆ {f.clockEffect.text}</span>}
                      </li>
                    ))}
                  </ul>
                </>
              )}
            </div>
            {field(`Starts${inZone}`, 'startsAt', { type: 'datetime-local' })}
            {field(`Ends${inZone}`, 'endsAt', { type: 'datetime-local' })}
            {field('Not on', 'exclude', { hint: '12-25, 2026-12-24..2027-01-02' })}
            {field('Jitter', 'jitter', { hint: '5m' })}
            {field('Most occurrences', 'maxOccurrences', { hint: 'no limit' })}
          </div>
        </Panel>
        <Panel title="Runs">
          <div class="edit-fields">
            {field('Job', 'job', { list: 'jobs', required: true, class: 'whole' })}
            {area('Args, JSON', 'args', 5, wrongArgs)}
            {base && hasSecret(base.args) && (
              <p class="small mid whole">
                <code>***</code> stands for a secret that is not shown. Leave it to keep the stored one.
              </p>
            )}
            {field('Lane (empty: the job’s)', 'lane', { list: 'lanes' })}
            {field('Attempts (empty: the job’s)', 'maxAttempts')}
            {choice('Missed fire times get', 'misfire', misfires)}
            {field('Not if older than', 'misfireDeadline', { hint: '1h' })}
            {choice('While another run has not ended, one', 'overlap', overlaps)}
            {field('Tags', 'tags', { hint: 'nightly, eu' })}
            {area('Labels, name=value, one a line', 'labels', 2)}
          </div>
        </Panel>
      </div>
      {fixed && (
        <Panel title="What saving changes" beside={effects && effects.of !== asked && <span class="weak">…</span>}>
          {wrongArgs ? (
            <p class="weak">The args are no JSON yet.</p>
          ) : (
            <div class="panels">
              <Changes of={changed} none="Nothing is changed yet." />
              {changed.length > 0 && effects?.data && <Effects diff={effects.data} planned={planned} />}
            </div>
          )}
        </Panel>
      )}
      {isElsewhere && !(theirs && error) && <Failed error={refused} />}
      <div class="actions save-line">
        <Link to={fixed ? schedulePath(fixed) : 'schedules'} class="button">
          Cancel
        </Link>
        <button type="submit" class="primary" disabled={isBusy || !body || !!theirs || (!!base && changed.length === 0)}>
          {isBusy ? '…' : planned > 0 ? `Save, revoke ${planned}` : fixed ? 'Save' : 'Create'}
        </button>
      </div>
      <datalist id="zones">
        {zones.map(z => (
          <option key={z} value={z} />
        ))}
      </datalist>
      <datalist id="jobs">
        {jobs.data?.items.map(j => (
          <option key={j.name} value={j.name} />
        ))}
      </datalist>
      <datalist id="lanes">
        {lanes.data?.items.map(l => (
          <option key={l.name} value={l.name} />
        ))}
      </datalist>
    </form>
  )
}

/** The form of a schedule that is stored, or of a new one. */
export const EditSchedule = () => {
  const { id } = useRoute().params as { id?: string }
  const [stored, setStored] = useState<ScheduleView>()
  const [error, setError] = useState<ApiError>()
  // Numbers of the args stay as they are written.
  const reread = async () => parseExact(await text(schedulePath(id!))) as ScheduleView
  const read = async () => {
    setError(undefined)
    try {
      setStored(await reread())
    } catch (e) {
      setError(errorOf(e))
    }
  }
  useEffect(() => {
    if (id) read()
  }, [id])
  const why = stored && readOnly(stored)
  return (
    <div class="page">
      <PageHead title={id ? `Edit ${id}` : 'New schedule'} beside={stored && <span class="weak small">from {stored.source}</span>} />
      {!may('operate') ? (
        <Empty command="fleet key create --role operator">Operators may change schedules. An admin can give you a key of that role:</Empty>
      ) : error ? (
        <Failed error={error} retry={read} />
      ) : why ? (
        <p class="notice">
          Read only here. {why} <Link to={schedulePath(id!)}>Back to the schedule</Link>
        </p>
      ) : id ? (
        stored ? (
          <Editor key={id} id={id} first={stored} reread={reread} />
        ) : (
          <Loading lines={10} />
        )
      ) : (
        <Editor />
      )}
    </div>
  )
}
