import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from '../data/api'
import * as format from '../data/format'
import type { OperationPreviewView, OperationView } from '../data/types'
import { Failed, Link, Loading, Time } from './basics'
import { Act, Field } from './dialog'
import { tell } from './told'

const verbs: Record<string, string> = { replay: 'Replay', cancel: 'Cancel', delete: 'Delete' }

/** Changes all runs that match a query: shows first how many and which, takes a rate, and asks to type the number. */
export const Operate = ({
  kind,
  query,
  of,
  close,
}: {
  kind: 'replay' | 'cancel' | 'delete'
  query: string
  /** What the runs have in common, in words. */
  of: string
  close: () => void
}) => {
  const [preview, setPreview] = useState<OperationPreviewView>()
  const [error, setError] = useState<ApiError>()
  const [rate, setRate] = useState('20')
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const look = async () => {
    setError(undefined)
    try {
      setPreview(await call<OperationPreviewView>('operations/preview', { body: { kind, query } }))
    } catch (e) {
      setError(e instanceof ApiError ? e : new ApiError(0, { detail: String(e) }))
    }
  }
  useEffect(() => void look(), [kind, query])
  const verb = verbs[kind] ?? kind
  const count = preview?.count.value ?? 0
  const isExact = preview?.count.relation === 'eq'
  const isTyped = typed.replace(/\D/g, '') === String(count)
  const perSecond = Number(rate)
  const isRate = Number.isInteger(perSecond) && perSecond >= 1 && perSecond <= 10_000
  const run = async () => {
    const body = { kind, query, token: preview!.token, rate: perSecond, reason: reason || null, expect: isExact ? count : null }
    const made = await call<OperationView>('operations', { body })
    tell(
      <>
        {verb} of {format.many(made.matched.value, 'run')} has begun. <Link to={`operations/${made.id}`}>Follow it</Link>
      </>,
    )
  }
  return (
    <Act
      title={preview ? `${verb} ${format.count(preview.count)} ${count === 1 ? 'run' : 'runs'}` : `${verb} runs`}
      verb={verb}
      danger={kind !== 'replay'}
      disabled={!preview || count === 0 || !isTyped || !isRate}
      run={run}
      close={close}
    >
      {error ? <Failed error={error} retry={look} /> : !preview && <Loading lines={3} />}
      {preview && (
        <>
          <p>
            {count === 0 ? 'No run can be changed: none matches any more.' : `${of} Runs that come later are not touched.`}
            {!isExact && ' There are more than were counted.'}
          </p>
          {preview.sample.length > 0 && (
            <ul class="sample small mid">
              {preview.sample.slice(0, 3).map(r => (
                <li key={r.id}>
                  <code>…{r.id.slice(-6)}</code> <bdi>{r.job}</bdi>, <Time at={r.finishedAt ?? r.createdAt} />
                </li>
              ))}
              {count > 3 && <li>and {format.whole(count - 3)} others</li>}
            </ul>
          )}
          {count > 0 && (
            <>
              <Field label="At most so many runs per second" wrong={isRate ? undefined : 'A whole number from 1 to 10 000.'}>
                <input inputMode="numeric" required value={rate} onInput={e => setRate(e.currentTarget.value)} />
              </Field>
              {isRate && (
                <p class="small weak">
                  Takes about {format.duration(Math.max(1, count / perSecond))}. You can stop it; what is changed stays changed.
                </p>
              )}
              <Field label="Reason (optional)">
                <input value={reason} maxLength={500} onInput={e => setReason(e.currentTarget.value)} />
              </Field>
              <Field label={`Type ${count} to confirm`}>
                <input inputMode="numeric" autocomplete="off" required value={typed} onInput={e => setTyped(e.currentTarget.value)} />
              </Field>
            </>
          )}
        </>
      )}
    </Act>
  )
}
