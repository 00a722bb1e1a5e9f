import { useState } from 'preact/hooks'
import { call } from '../../data/api'
import { many, when } from '../../data/format'
import type { DiscardedView, MuteView, ReplayedView } from '../../data/types'
import { Link } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { useRefusal } from '../../parts/refusal'
import { tell } from '../../parts/told'
import { Until } from '../../parts/until'

/** What a dialog of a page needs to know. */
export interface Asks {
  close: () => void
  /** What was done is done: the page reads again. */
  done: () => void
}

const Reason = ({ set, wrong, label }: { set: (reason: string) => void; wrong?: string; label: string }) => (
  <Field label={label} wrong={wrong}>
    <input
      required
      maxLength={500}
      aria-invalid={wrong ? true : undefined}
      onInput={e => set(e.currentTarget.value)}
      placeholder="For whoever reads the audit"
    />
  </Field>
)

export const Mute = ({ fingerprint, close, done }: { fingerprint: string } & Asks) => {
  const [until, setUntil] = useState<string | null>(null)
  const [untilNewVersion, setUntilNewVersion] = useState(true)
  const [reason, setReason] = useState('')
  const refusal = useRefusal()
  const run = refusal.heard(async () => {
    const mute = await call<MuteView>(`dead-letters/groups/${encodeURIComponent(fingerprint)}/mute`, {
      body: { until, untilNewVersion, reason },
    })
    tell(`The group is muted ${said(mute)}.`)
    done()
  })
  return (
    <Act title="Mute this group" verb="Mute" disabled={!reason.trim() || (!until && !untilNewVersion)} run={run} close={close}>
      <p class="mid">It is left out of the lists and comes back by itself. Runs that fail meanwhile are dead letters as before.</p>
      <label class="check">
        <input type="checkbox" checked={untilNewVersion} onChange={e => setUntilNewVersion(e.currentTarget.checked)} />
        Until a new version of the program meets it
      </label>
      <Until label="And until a time" none="no time" set={setUntil} />
      {refusal.of('until') && <p class="wrong">{refusal.of('until')}</p>}
      <Reason label="Reason" set={setReason} wrong={refusal.of('reason')} />
    </Act>
  )
}

/** Until when a group is muted, in words. */
export const said = (mute: MuteView): string => {
  const ends = [mute.until && when(mute.until), mute.untilNewVersion && 'a new version meets it'].filter(Boolean)
  return ends.length ? `until ${ends.join(' or ')}` : 'without an end'
}

export const Unmute = ({ fingerprint, close, done }: { fingerprint: string } & Asks) => {
  const run = async () => {
    await call(`dead-letters/groups/${encodeURIComponent(fingerprint)}/unmute`, { body: {} })
    tell('The group is not muted any more.')
    done()
  }
  return (
    <Act title="Unmute this group" verb="Unmute" run={run} close={close}>
      <p class="mid">It is in the lists again.</p>
    </Act>
  )
}

/** Discards one dead letter, or those of a group. */
export const Discard = ({ route, count, close, done }: { route: string; count: number } & Asks) => {
  const [reason, setReason] = useState('')
  const [left, setLeft] = useState(0)
  const refusal = useRefusal()
  const run = refusal.heard(async () => {
    let total = 0
    for (;;) {
      const { discarded, more } = await call<DiscardedView>(`${route}/discard`, { body: { reason } })
      total += discarded
      setLeft(total)
      if (!more || discarded === 0) break
    }
    tell(`${many(total, 'dead letter')} discarded.`)
    done()
  })
  return (
    <Act
      title={count === 1 ? 'Discard this dead letter' : `Discard ${many(count, 'dead letter')}`}
      verb="Discard"
      danger
      disabled={!reason.trim()}
      run={run}
      close={close}
    >
      <p class="mid">
        Nobody needs {count === 1 ? 'this run' : 'these runs'} any more: {count === 1 ? 'it stays' : 'they stay'} failed with all history,
        and {count === 1 ? 'is' : 'are'} no dead letter{count === 1 ? '' : 's'} any more. A replay of a single run remains possible.
      </p>
      <Reason label="Reason" set={setReason} wrong={refusal.of('reason')} />
      {left > 0 && <p role="status">{many(left, 'dead letter')} discarded so far.</p>}
    </Act>
  )
}

/** Says that a run goes again. */
export const tellReplayed = (id: string) =>
  tell(
    <>
      The run starts again. <Link to={`runs/${id}`}>Follow it</Link>
    </>,
  )

export const Replay = ({ id, close, done }: { id: string } & Asks) => {
  const run = async () => {
    await call<ReplayedView>(`dead-letters/${id}/replay`, { body: {} })
    tellReplayed(id)
    done()
  }
  return (
    <Act title="Replay this run" verb="Replay" run={run} close={close}>
      <p class="mid">It starts again under the same id, with the same args and all of its attempts.</p>
    </Act>
  )
}
