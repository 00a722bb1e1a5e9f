const tones: Record<string, string> = {
  running: 'running',
  claimed: 'running',
  executing: 'running',
  ...Object.fromEntries(['succeeded', 'done', 'up', 'active', 'fired', 'ok', 'valid'].map(w => [w, 'good'])),
  ...Object.fromEntries(
    ['retrying', 'retried', 'released', 'snoozed', 'outage', 'unserved', 'degraded', 'warning', 'draining', 'paused', 'skipped'].map(w => [
      w,
      'retry',
    ]),
  ),
  ...Object.fromEntries(['failed', 'timedOut', 'crashed', 'dead', 'down', 'error', 'gone', 'missed', 'missing'].map(w => [w, 'bad'])),
  ...Object.fromEntries(
    ['canceled', 'canceling', 'revoked', 'stopped', 'expired', 'ended', 'discarded', 'replaced', 'deleted'].map(w => [w, 'off']),
  ),
}

/** The look of a state or another word of the server: one of the tones of the style sheet. A newer server may have words that this page
 * does not know. */
export const tone = (word: string): string => tones[word] ?? 'waiting'

const shapes: Record<string, string> = { scheduled: '◷', waiting: '○', running: '◐', good: '✓', retry: '↻', bad: '■', off: '⊘' }

/** The shape of a word: a state is never told by colour alone. */
export const shape = (word: string): string => shapes[word] ?? shapes[tone(word)]!

/** The state of a run as people name it: a pending run is scheduled until it is due, ready from then on, and retrying after an attempt
 * that failed. */
export const stateOf = (run: { state: string; attempt: number; dueAt: string }, now: number): string =>
  run.state !== 'pending' ? run.state : run.attempt > 0 ? 'retrying' : Date.parse(run.dueAt) > now ? 'scheduled' : 'ready'

/** Whether a run in this state has come to its end. */
export const hasEnded = (state: string): boolean => ['succeeded', 'failed', 'canceled'].includes(state)
