import { useState } from 'preact/hooks'
import { zone } from '../data/choices'
import * as format from '../data/format'
import { serverNow } from '../data/live'
import { Field } from './dialog'

const spans = [
  ['1 hour', 3600],
  ['8 hours', 28_800],
  ['1 day', 86_400],
  ['7 days', 604_800],
] as const

/** An instant of a `datetime-local` field as the API has it; empty when it is none. */
export const fromField = (typed: string): string => {
  const at = typed === '' ? Number.NaN : Date.parse(zone.value === 'utc' ? `${typed}Z` : typed)
  return Number.isNaN(at) ? '' : new Date(at).toISOString()
}

/** Asks until when; null says without an end. */
export const Until = ({ label = 'Until', none, set }: { label?: string; none: string; set: (until: string | null) => void }) => {
  const [choice, choose] = useState('0')
  const [typed, type] = useState('')
  const chosen = (value: string) => {
    choose(value)
    set(value === '0' ? null : value === 'at' ? fromField(typed) || null : new Date(serverNow() + Number(value) * 1000).toISOString())
  }
  return (
    <div class="until">
      <Field label={label}>
        <select value={choice} onChange={e => chosen(e.currentTarget.value)}>
          <option value="0">{none}</option>
          {spans.map(([name, length]) => (
            <option key={length} value={length}>
              {name} from now, {format.when(serverNow() + length * 1000)}
            </option>
          ))}
          <option value="at">at a time…</option>
        </select>
      </Field>
      {choice === 'at' && (
        <Field label={zone.value === 'utc' ? 'Time, UTC' : 'Time'}>
          <input
            type="datetime-local"
            required
            value={typed}
            onInput={e => {
              type(e.currentTarget.value)
              set(fromField(e.currentTarget.value) || null)
            }}
          />
        </Field>
      )}
    </div>
  )
}
