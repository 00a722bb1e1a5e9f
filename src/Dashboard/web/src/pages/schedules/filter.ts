import type { ScheduleView } from '../../data/types'

type Test = (schedule: ScheduleView, value: string) => boolean

const has = (text: string | null | undefined, part: string) => (text ?? '').toLowerCase().includes(part)

/** A value in which `*` stands for anything. */
const like = (text: string | null | undefined, pattern: string) => {
  const parts = pattern.split('*')
  const whole = (text ?? '').toLowerCase()
  if (parts.length === 1) return whole === pattern
  let at = parts[0]!.length
  if (!whole.startsWith(parts[0]!)) return false
  for (const part of parts.slice(1, -1)) {
    const found = whole.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  const last = parts.at(-1)!
  return whole.length - last.length >= at && whole.endsWith(last)
}

const fields: Record<string, Test> = {
  id: (s, v) => like(s.id, v),
  job: (s, v) => like(s.job, v),
  zone: (s, v) => like(s.zone ?? 'UTC', v),
  lane: (s, v) => like(s.lane, v),
  status: (s, v) => like(s.status, v),
  source: (s, v) => like(s.source, v),
  overlap: (s, v) => like(s.overlap, v),
  tag: (s, v) => s.tags.some(tag => like(tag, v)),
  label: (s, v) => Object.entries(s.labels).some(([name, value]) => like(name, v) || like(`${name}=${value}`, v)),
  paused: (s, v) => String(s.status === 'paused') === v,
  warnings: (s, v) => String(s.warnings.length > 0) === v,
}

/** The names that a filter knows. */
export const filterNames = Object.keys(fields)

/** The schedules that match all words of a filter: `field:value`, or a part of the id, the job, the trigger or its words. `-` excludes. */
export const matching = (schedules: ScheduleView[], filter: string): ScheduleView[] => {
  const tests = filter
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map(word => {
      const isNot = word.length > 1 && word.startsWith('-')
      const term = isNot ? word.slice(1) : word
      const colon = term.indexOf(':')
      const field = colon > 0 ? fields[term.slice(0, colon)] : undefined
      const value = field ? term.slice(colon + 1) : term
      return (s: ScheduleView) =>
        isNot !== (field ? field(s, value) : [s.id, s.job, s.cron, s.every, s.at, s.words, s.statusReason].some(text => has(text, value)))
    })
  return schedules.filter(s => tests.every(test => test(s)))
}
