import type { RunDetailView } from '../../data/types'

/** A stretch of a run's life: it waits, or an attempt works. */
export interface Stretch {
  kind: 'waits' | 'works'
  /** What it is called: `attempt 2`, `until due`. */
  name: string
  from: number
  until: number
  /** How the attempt ended; null while it works. */
  outcome?: string | null
  worker?: string | null
  number?: number
}

/** A stretch where it is drawn, in parts of the whole width. */
export interface Drawn extends Stretch {
  left: number
  width: number
  /** A wait that is drawn far shorter than it was. */
  isFolded: boolean
}

/** What a run has lived through, in order. */
export const stretches = (run: RunDetailView, now: number): Stretch[] => {
  const all: Stretch[] = []
  let at = Date.parse(run.createdAt)
  const wait = (until: number, name: string) => {
    if (until - at > 1) all.push({ kind: 'waits', name, from: at, until })
    at = Math.max(at, until)
  }
  for (const attempt of run.attempts) {
    if (!attempt.startedAt) continue
    const from = Date.parse(attempt.startedAt)
    const until = attempt.endedAt ? Date.parse(attempt.endedAt) : now
    wait(from, all.some(s => s.kind === 'works') ? `before attempt ${attempt.number}` : 'before the start')
    all.push({
      kind: 'works',
      name: `attempt ${attempt.number}`,
      number: attempt.number,
      from,
      until: Math.max(from, until),
      outcome: attempt.outcome,
      worker: attempt.workerName ?? attempt.worker,
    })
    at = Math.max(at, until)
  }
  const executes = run.state === 'running' && !run.attempts.some(a => a.startedAt && !a.endedAt)
  if (executes && run.startedAt) {
    const from = Date.parse(run.startedAt)
    wait(from, all.length ? `before attempt ${run.attempt}` : 'before the start')
    all.push({
      kind: 'works',
      name: `attempt ${run.attempt}`,
      number: run.attempt,
      from,
      until: Math.max(from, now),
      outcome: null,
      worker: run.workerName,
    })
  } else if (run.state === 'pending') wait(now, Date.parse(run.dueAt) > now ? 'until it is due' : 'ready')
  else if (run.finishedAt && run.startedAt && !all.some(s => s.kind === 'works')) {
    // A run that ended in its only attempt may have no row of it.
    const from = Date.parse(run.startedAt)
    wait(from, 'before the start')
    all.push({
      kind: 'works',
      name: `attempt ${run.attempt}`,
      number: run.attempt,
      from,
      until: Math.max(from, Date.parse(run.finishedAt)),
      outcome: run.state,
      worker: run.workerName,
    })
  }
  return all
}

/** The least part of the width that a stretch gets, so that one can see and hit it. */
const least = 0.012

/** Where each stretch is drawn. A wait that is longer than three times all work is folded, so that the work can be seen. */
export const draw = (all: Stretch[]): Drawn[] => {
  const works = all.filter(s => s.kind === 'works').reduce((sum, s) => sum + s.until - s.from, 0)
  const longest = works > 0 ? works * 3 : Number.POSITIVE_INFINITY
  const folded = Math.max(works / 4, 1)
  const lengths = all.map(s => (s.kind === 'waits' && s.until - s.from > longest ? folded : Math.max(s.until - s.from, 0)))
  const sum = lengths.reduce((a, b) => a + b, 0) || 1
  const shares = lengths.map(length => Math.max(length / sum, least))
  const whole = shares.reduce((a, b) => a + b, 0)
  let left = 0
  return all.map((stretch, i) => {
    const width = shares[i]! / whole
    const drawn = { ...stretch, left, width, isFolded: stretch.kind === 'waits' && stretch.until - stretch.from > longest }
    left += width
    return drawn
  })
}
