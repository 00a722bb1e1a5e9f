import { zone } from '../../data/choices'
import { parseExact } from '../../data/exact'
import type { PutScheduleBody, ScheduleView } from '../../data/types'

/** What is typed in the form of a schedule. */
export interface Form {
  job: string
  args: string
  trigger: string
  cron: string
  every: string
  anchor: string
  at: string
  zone: string
  lane: string
  maxAttempts: string
  tags: string
  maxOccurrences: string
  startsAt: string
  endsAt: string
  exclude: string
  jitter: string
  misfire: string
  misfireDeadline: string
  overlap: string
  labels: string
}

/** An instant of the API as a `datetime-local` field has it, in the chosen zone. */
export const toField = (at: string | null): string => {
  if (!at) return ''
  const date = new Date(at)
  const shown = zone.value === 'utc' ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return shown.toISOString().slice(0, 19)
}

/** The form of a schedule, or that of a new one. */
export const formOf = (s?: ScheduleView): Form => ({
  job: s?.job ?? '',
  args: JSON.stringify(s?.args ?? {}, null, 2),
  trigger: s?.every ? 'every' : s?.at ? 'at' : 'cron',
  cron: s?.cron ?? '',
  every: s?.every ?? '',
  anchor: toField(s?.anchor ?? null),
  at: toField(s?.at ?? null),
  zone: s?.zone ?? '',
  lane: s?.lane ?? '',
  maxAttempts: s?.maxAttempts?.toString() ?? '',
  tags: s?.tags.join(', ') ?? '',
  maxOccurrences: s?.maxOccurrences?.toString() ?? '',
  startsAt: toField(s?.startsAt ?? null),
  endsAt: toField(s?.endsAt ?? null),
  exclude: s?.exclude.join(', ') ?? '',
  jitter: s?.jitter ?? '',
  misfire: s?.misfire ?? 'runLatest',
  misfireDeadline: s?.misfireDeadline ?? '',
  overlap: s?.overlap ?? 'allow',
  labels: Object.entries(s?.labels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join('\n'),
})

/** An instant that was typed; one that was not touched stays as it is stored, with its parts of a second. */
const instant = (typed: string, stored: string | null | undefined): string | null => {
  if (typed === '') return null
  if (stored && typed === toField(stored)) return stored
  const at = Date.parse(zone.value === 'utc' ? `${typed}Z` : typed)
  return Number.isNaN(at) ? typed : new Date(at).toISOString()
}

const list = (typed: string) =>
  typed
    .split(/[,\n]/)
    .map(item => item.trim())
    .filter(Boolean)

// What is no number goes to the server as it is: its answer says what is allowed.
const number = (typed: string) =>
  typed.trim() === '' ? null : Number.isFinite(Number(typed)) ? Number(typed) : (typed as unknown as number)

/** The definition that a form says; throws if its args are no JSON. */
export const bodyOf = (form: Form, stored?: ScheduleView): PutScheduleBody => ({
  job: form.job.trim(),
  args: parseExact(form.args.trim() || '{}'),
  cron: (form.trigger === 'cron' && form.cron.trim()) || null,
  every: (form.trigger === 'every' && form.every.trim()) || null,
  anchor: form.trigger === 'every' ? instant(form.anchor, stored?.anchor) : null,
  at: form.trigger === 'at' ? instant(form.at, stored?.at) : null,
  zone: form.zone.trim() || null,
  lane: form.lane.trim() || null,
  maxAttempts: number(form.maxAttempts),
  tags: list(form.tags),
  maxOccurrences: number(form.maxOccurrences),
  startsAt: instant(form.startsAt, stored?.startsAt),
  endsAt: instant(form.endsAt, stored?.endsAt),
  exclude: list(form.exclude),
  jitter: form.jitter.trim() || null,
  misfire: form.misfire,
  misfireDeadline: form.misfireDeadline.trim() || null,
  overlap: form.overlap,
  labels: Object.fromEntries(
    form.labels
      .split('\n')
      .filter(line => line.trim())
      .map(line => {
        const equals = line.indexOf('=')
        return equals < 0 ? [line.trim(), ''] : [line.slice(0, equals).trim(), line.slice(equals + 1).trim()]
      }),
  ),
})

/** Puts what was typed over what somebody else has stored meanwhile: a field that was not touched takes their value. */
export const rebased = (typed: Form, before: Form, theirs: Form): Form =>
  Object.fromEntries(
    (Object.keys(typed) as (keyof Form)[]).map(name => [name, typed[name] === before[name] ? theirs[name] : typed[name]]),
  ) as unknown as Form
