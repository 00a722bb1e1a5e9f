import { useState } from 'preact/hooks'
import { ApiError, base, call } from '../../data/api'
import type { EnqueueBody, EnqueuedView, JobView } from '../../data/types'
import { Copy, Failed, Link } from '../../parts/basics'
import { Field } from '../../parts/dialog'
import { tell } from '../../parts/told'
import { copies, hasField, type Member, membersOf, toJson } from './schema'

const parse = (text: string): Record<string, unknown> | undefined => {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Runs a job with args from fields or as JSON, which stay in step; the server says what is wrong with them. */
export const RunForm = ({ job }: { job: JobView }) => {
  const members = membersOf(job.schema) ?? []
  const [json, setJson] = useState(() => JSON.stringify(job.example?.args ?? {}, null, 2))
  const [options, setOptions] = useState({ lane: '', delay: '', tags: '', maxAttempts: '', idempotencyKey: '' })
  const [error, setError] = useState<ApiError>()
  const [isBusy, setBusy] = useState(false)
  const args = parse(json)
  const set = (member: Member, typed: string) => {
    const next = { ...args }
    const value = toJson(member, typed)
    if (value === undefined) delete next[member.name]
    else next[member.name] = value
    setJson(JSON.stringify(next, null, 2))
  }
  const option = (name: keyof typeof options) => ({
    value: options[name],
    onInput: (e: { currentTarget: HTMLInputElement }) => setOptions({ ...options, [name]: e.currentTarget.value }),
  })
  const submit = async (event: Event) => {
    event.preventDefault()
    if (!args) return
    setBusy(true)
    setError(undefined)
    const body: EnqueueBody = {
      job: job.name,
      args,
      lane: options.lane || null,
      delay: options.delay || null,
      tags: options.tags.split(/[\s,]+/).filter(Boolean),
      maxAttempts: options.maxAttempts === '' ? null : Number(options.maxAttempts),
      idempotencyKey: options.idempotencyKey || null,
    }
    try {
      const made = await call<EnqueuedView>('runs', { body })
      tell(
        <>
          Enqueued. <Link to={`runs/${made.id}`}>Follow the run</Link>
        </>,
      )
    } catch (e) {
      setError(e instanceof ApiError ? e : new ApiError(0, { detail: String(e) }))
    } finally {
      setBusy(false)
    }
  }
  const wrong = (name: string) => error?.of(`args.${name}`) ?? error?.problem.errors?.find(e => e.pointer === `/args/${name}`)?.detail
  const other = copies(job.name, job.lane, args ?? {}, `${location.origin}${base}`)
  return (
    <form class="panels" onSubmit={submit}>
      {members.filter(hasField).map(member => {
        const value = args?.[member.name]
        const text = value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
        const choices = member.choices ?? (member.type === 'boolean' ? ['true', 'false'] : undefined)
        return (
          <Field key={member.name} label={`${member.name}${member.isRequired ? '' : ' (optional)'}`} wrong={wrong(member.name)}>
            {choices ? (
              <select value={text} disabled={!args} onChange={e => set(member, e.currentTarget.value)}>
                <option value="">–</option>
                {choices.map(choice => (
                  <option key={choice} value={choice}>
                    {choice}
                  </option>
                ))}
              </select>
            ) : (
              <Typed member={member} value={text} disabled={!args} set={typed => set(member, typed)} />
            )}
          </Field>
        )
      })}
      <details open={members.filter(hasField).length === 0}>
        <summary>As JSON</summary>
        <Field label="args" wrong={args ? undefined : 'This is no JSON object.'}>
          <textarea
            rows={8}
            spellcheck={false}
            value={json}
            aria-invalid={args ? undefined : true}
            onInput={e => setJson(e.currentTarget.value)}
          />
        </Field>
      </details>
      <details>
        <summary>Options</summary>
        <div class="panels">
          <Field label="Lane" wrong={error?.of('lane')}>
            <input placeholder={job.lane} {...option('lane')} />
          </Field>
          <Field label="Delay, such as 90s or 2h" wrong={error?.of('delay')}>
            <input {...option('delay')} />
          </Field>
          <Field label="Tags" wrong={error?.of('tags')}>
            <input {...option('tags')} />
          </Field>
          <Field label="Attempts" wrong={error?.of('maxAttempts')}>
            <input inputMode="numeric" placeholder={job.maxAttempts?.toString()} {...option('maxAttempts')} />
          </Field>
          <Field label="Idempotency key" wrong={error?.of('idempotencyKey')}>
            <input autocomplete="off" {...option('idempotencyKey')} />
          </Field>
        </div>
      </details>
      {error && <Failed error={error} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy || !args}>
          {isBusy ? '…' : 'Enqueue'}
        </button>
        <Copy text={other.cli} what="command of the command line" label="fleet" />
        <Copy text={other.curl} what="command of curl" label="curl" />
        <Copy text={other.message} what="message" label="message" />
      </div>
      <p class="small weak">
        As a message: exchange <code>fleet.lanes</code>, routing key <code>{options.lane || job.lane}</code>; in RabbitMQ’s page, the copied
        text is the payload.
      </p>
    </form>
  )
}

/** The field of a member; that of a secret shows dots. */
const Typed = ({ member, value, disabled, set }: { member: Member; value: string; disabled: boolean; set: (typed: string) => void }) => {
  const of = {
    autocomplete: 'off',
    placeholder: member.allowed,
    value,
    disabled,
    onInput: (e: { currentTarget: HTMLInputElement }) => set(e.currentTarget.value),
  }
  return member.isSecret ? <input type="password" {...of} /> : <input type="text" {...of} />
}
