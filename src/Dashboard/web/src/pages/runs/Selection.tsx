import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from '../../data/api'
import { many } from '../../data/format'
import type { RunView } from '../../data/types'
import { hasEnded } from '../../data/words'
import { Act } from '../../parts/dialog'
import { tell } from '../../parts/told'

const verbs = {
  replay: {
    name: 'Replay',
    // A revoked run has its fire time planned again.
    of: (run: RunView) => run.state === 'failed' || (run.state === 'canceled' && run.cancelCause !== 'revoked'),
    ask: (id: string) => call(`runs/${id}/replay`, { method: 'POST' }),
  },
  cancel: {
    name: 'Cancel',
    of: (run: RunView) => !hasEnded(run.state),
    ask: (id: string) => call(`runs/${id}/cancel`, { method: 'POST' }),
  },
  delete: {
    name: 'Delete',
    of: (run: RunView) => hasEnded(run.state),
    ask: (id: string) => call(`runs/${id}`, { method: 'DELETE' }),
  },
} as const

type Verb = keyof typeof verbs

/** What one can do with the runs that are selected; it takes the place of the footer, so that nothing moves. */
export const Selection = ({
  runs,
  query,
  replayAsked,
  all,
  done,
}: {
  runs: RunView[]
  query: string
  /** How often the key for a replay was pressed. */
  replayAsked: number
  all: (verb: Verb) => void
  done: () => void
}) => {
  const [verb, setVerb] = useState<Verb>()
  useEffect(() => {
    if (replayAsked > 0 && runs.some(verbs.replay.of)) setVerb('replay')
  }, [replayAsked])
  const run = async () => {
    const of = runs.filter(verbs[verb!].of)
    const refused: string[] = []
    for (const { id } of of)
      try {
        await verbs[verb!].ask(id)
      } catch (e) {
        if (!(e instanceof ApiError) || e.status === 0) throw e
        refused.push(`${id}: ${e.message}`)
      }
    tell(
      `${verbs[verb!].name}: ${many(of.length - refused.length, 'run')}.${refused.length ? ` Refused: ${refused.slice(0, 3).join(' ')}` : ''}`,
    )
    done()
  }
  return (
    <div class="actions">
      <span>{runs.length} selected</span>
      <button type="button" class="plain" onClick={done}>
        Clear
      </button>
      {(Object.keys(verbs) as Verb[]).map(name => {
        const count = runs.filter(verbs[name].of).length
        return (
          <button key={name} type="button" class={name === 'delete' ? 'danger' : ''} disabled={count === 0} onClick={() => setVerb(name)}>
            {verbs[name].name} {count > 0 && count < runs.length ? count : ''}
          </button>
        )
      })}
      {query && (
        <span class="all">
          All that match:{' '}
          {(Object.keys(verbs) as Verb[]).map(name => (
            <button key={name} type="button" class="linklike" onClick={() => all(name)}>
              {verbs[name].name.toLowerCase()}…
            </button>
          ))}
        </span>
      )}
      {verb && (
        <Act
          title={`${verbs[verb].name} ${many(runs.filter(verbs[verb].of).length, 'run')}`}
          verb={verbs[verb].name}
          danger={verb !== 'replay'}
          run={run}
          close={() => setVerb(undefined)}
        >
          <p>
            {verb === 'replay' && 'They run again, with the same args. What they did before is kept.'}
            {verb === 'cancel' && 'Those that wait do not start. Those that execute are asked to stop.'}
            {verb === 'delete' && 'Their rows go, with args, errors and logs. Their idempotency keys stay taken.'}
          </p>
        </Act>
      )}
    </div>
  )
}
