import { useEffect, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { call } from '../../data/api'
import { may } from '../../data/session'
import type { RunDetailView } from '../../data/types'
import { href, Icon, Link } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { tell } from '../../parts/told'

const ended = ['succeeded', 'failed', 'canceled']

/** What one can do with a run as it is now; `r` replays it. */
export const Actions = ({ run, done }: { run: RunDetailView; done: () => void }) => {
  const { route } = useLocation()
  const [verb, setVerb] = useState<'cancel' | 'replay' | 'delete'>()
  const [reason, setReason] = useState('')
  const isOver = ended.includes(run.state)
  const canReplay = run.state === 'failed' || run.state === 'canceled'
  useEffect(() => {
    if (!canReplay || !may('operate')) return
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'r' || event.ctrlKey || event.metaKey || event.altKey) return
      if (!(event.target as HTMLElement).closest('input, textarea, select, dialog')) setVerb('replay')
    }
    document.addEventListener('keydown', key)
    return () => document.removeEventListener('keydown', key)
  }, [canReplay])
  if (!may('operate')) return null
  const act = async () => {
    if (verb === 'cancel') await call(`runs/${run.id}/cancel`, { body: { reason: reason || null } })
    else if (verb === 'replay') await call(`runs/${run.id}/replay`, { method: 'POST' })
    else await call(`runs/${run.id}`, { method: 'DELETE' })
    tell(verb === 'cancel' ? 'It is being canceled.' : verb === 'replay' ? 'It runs again.' : 'It is deleted.')
    if (verb === 'delete') route(href('runs'))
    else done()
  }
  return (
    <>
      {canReplay && (
        <button type="button" class="primary" onClick={() => setVerb('replay')}>
          <Icon name="rotate-ccw" /> Replay
        </button>
      )}
      {run.state === 'failed' && !run.discardedAt && (
        <Link class="button" to={`dead-letters/${run.id}`}>
          Edit &amp; replay
        </Link>
      )}
      {!isOver && (
        <button type="button" class="danger" disabled={run.cancelRequested} onClick={() => setVerb('cancel')}>
          {run.cancelRequested ? 'Is being canceled' : 'Cancel'}
        </button>
      )}
      {isOver && (
        <button type="button" class="danger" onClick={() => setVerb('delete')}>
          <Icon name="trash-2" /> Delete
        </button>
      )}
      {verb && (
        <Act
          title={verb === 'cancel' ? 'Cancel the run' : verb === 'replay' ? 'Replay the run' : 'Delete the run'}
          verb={verb === 'cancel' ? 'Cancel the run' : verb === 'replay' ? 'Replay' : 'Delete'}
          danger={verb !== 'replay'}
          run={act}
          close={() => setVerb(undefined)}
        >
          {verb === 'replay' && <p>It runs again with the same args, from its first attempt. What it did before is kept in its history.</p>}
          {verb === 'delete' && <p>Its row goes, with args, error and log. Its idempotency key stays taken.</p>}
          {verb === 'cancel' && (
            <>
              <p>{run.state === 'running' ? 'Its handler is asked to stop.' : 'It does not start.'}</p>
              <Field label="Reason (optional)">
                <input maxLength={500} value={reason} onInput={e => setReason(e.currentTarget.value)} />
              </Field>
            </>
          )}
        </Act>
      )}
    </>
  )
}
