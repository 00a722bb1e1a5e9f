import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { call } from '../../data/api'
import { may } from '../../data/session'
import type { CanceledView, RunDetailView } from '../../data/types'
import { hasEnded } from '../../data/words'
import { href, Icon, Link } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { tell } from '../../parts/told'

export type Action = 'replay' | 'cancel' | 'delete'

/** What the state of a run allows. */
export const actionsOf = (run: RunDetailView): Action[] => {
  if (!hasEnded(run.state)) return run.cancelRequested ? [] : ['cancel']
  // A revoked run has its fire time planned again.
  const canReplay = run.state === 'failed' || (run.state === 'canceled' && run.cancelCause !== 'revoked')
  return canReplay ? ['replay', 'delete'] : ['delete']
}

/** The dialog of an action. */
const Confirm = ({ run, action, done, close }: { run: RunDetailView; action: Action; done: () => void; close: () => void }) => {
  const [reason, setReason] = useState('')
  const { route } = useLocation()
  if (action === 'cancel')
    return (
      <Act
        title="Cancel this run"
        verb="Cancel the run"
        danger
        close={close}
        run={async () => {
          const { result } = await call<CanceledView>(`runs/${run.id}/cancel`, { body: { reason: reason.trim() || null } })
          tell(result === 'requested' ? 'Its worker was asked to stop it.' : `The run is ${result}.`)
          done()
        }}
      >
        <p>
          {run.state === 'running'
            ? 'Its worker is asked to stop it. What the handler has done by then stays done.'
            : 'It will not start. It can be replayed later.'}
        </p>
        <Field label="Reason (optional)">
          <input autofocus value={reason} maxLength={500} onInput={e => setReason(e.currentTarget.value)} />
        </Field>
      </Act>
    )
  if (action === 'replay')
    return (
      <Act
        title="Replay this run"
        verb="Replay"
        close={close}
        run={async () => {
          await call(`runs/${run.id}/replay`, { method: 'POST' })
          tell('The run is replayed: it is pending again.')
          done()
        }}
      >
        <p>
          <bdi>{run.job}</bdi> runs again with the same args, under the same id, with all of its attempts. What it was before is kept in its
          history.
        </p>
      </Act>
    )
  return (
    <Act
      title="Delete this run"
      verb="Delete"
      danger
      close={close}
      run={async () => {
        await call(`runs/${run.id}`, { method: 'DELETE' })
        tell('The run is deleted.')
        route(href('runs'))
      }}
    >
      <p>Its args, output, error, attempts and log are gone then. Its idempotency key and its fire time stay taken.</p>
    </Act>
  )
}

/** What can be done with a run now. */
export const Actions = ({
  run,
  done,
  action,
  choose,
}: {
  run: RunDetailView
  done: () => void
  action: Action | undefined
  choose: (action: Action | undefined) => void
}) => {
  if (!may('operate')) return null
  const can = actionsOf(run)
  return (
    <>
      {can.includes('replay') && (
        <button type="button" class="primary" aria-keyshortcuts="r" onClick={() => choose('replay')}>
          <Icon name="rotate-ccw" /> Replay
        </button>
      )}
      {run.state === 'failed' && !run.discardedAt && (
        <Link class="button" to={`dead-letters/${run.id}`}>
          Edit & replay
        </Link>
      )}
      {can.includes('cancel') && (
        <button type="button" class="danger" onClick={() => choose('cancel')}>
          <Icon name="x" /> Cancel
        </button>
      )}
      {can.includes('delete') && (
        <button type="button" class="danger" onClick={() => choose('delete')}>
          <Icon name="trash-2" /> Delete
        </button>
      )}
      {action && can.includes(action) && <Confirm run={run} action={action} done={done} close={() => choose(undefined)} />}
    </>
  )
}
