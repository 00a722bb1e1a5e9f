import { useState } from 'preact/hooks'
import { call } from '../../data/api'
import { when } from '../../data/format'
import { me } from '../../data/session'
import type { CreatedKeyView, KeyView, SessionView } from '../../data/types'
import { Copy, Id } from '../../parts/basics'
import { Act, Dialog, Field } from '../../parts/dialog'
import { useRefusal } from '../../parts/refusal'
import { tell } from '../../parts/told'

interface Asks {
  close: () => void
  done: () => void
}

const roles = {
  viewer: 'reads everything',
  submitter: 'enqueues runs, and follows its own',
  operator: 'changes runs, schedules, lanes and workers, too',
  admin: 'makes keys and reads the audit, too',
  metrics: 'reads the demand of lanes and health',
}

const lives = [
  ['1d', '1 day'],
  ['30d', '30 days'],
  ['90d', '90 days'],
  ['365d', '1 year'],
  ['3650d', '10 years'],
] as const

const Life = ({ value, set, wrong }: { value: string; set: (life: string) => void; wrong?: string }) => (
  <Field label="Valid for" wrong={wrong}>
    <select value={value} onChange={e => set(e.currentTarget.value)}>
      {lives.map(([life, name]) => (
        <option key={life} value={life}>
          {name}
        </option>
      ))}
    </select>
  </Field>
)

/** The text of a key: it is shown here, once. */
export const Shown = ({ created, close }: { created: CreatedKeyView; close: () => void }) => (
  <Dialog title={`Key ${created.key.name}`} close={close}>
    <p>Copy it now. It is shown this once: the server keeps only its hash.</p>
    <p class="payload key-text">
      <code>{created.text}</code>
    </p>
    <p class="small mid">
      {created.key.role}
      {created.key.lanes ? `, lanes ${created.key.lanes.join(', ')}` : ''}, valid until {when(created.key.expiresAt)}. Programs take it as{' '}
      <code>FLEET_API_KEY</code>.
    </p>
    <div class="actions">
      <Copy text={created.text ?? ''} what="key" label="Copy" />
      <button type="button" class="primary" onClick={close}>
        I have it
      </button>
    </div>
  </Dialog>
)

export const Create = ({ lanes: known, close, made }: { lanes: string[]; close: () => void; made: (created: CreatedKeyView) => void }) => {
  const [name, setName] = useState('')
  const [role, setRole] = useState<string>('operator')
  const [lanes, setLanes] = useState('')
  const [life, setLife] = useState('90d')
  const refusal = useRefusal()
  const run = refusal.heard(async () => {
    const bound = lanes.split(/[\s,]+/).filter(Boolean)
    const body = { name, role, lanes: bound.length && role !== 'admin' ? bound : null, expiresIn: life }
    made(await call<CreatedKeyView>('keys', { body }))
  })
  return (
    <Act title="Create a key" verb="Create" disabled={!name.trim()} run={run} close={close}>
      <Field label="Name: what it is for" wrong={refusal.of('name')}>
        <input
          required
          maxLength={128}
          autocomplete="off"
          value={name}
          aria-invalid={refusal.of('name') ? true : undefined}
          onInput={e => setName(e.currentTarget.value)}
        />
      </Field>
      <Field label="Role" wrong={refusal.of('role')}>
        <select value={role} onChange={e => setRole(e.currentTarget.value)}>
          {Object.entries(roles).map(([word, says]) => (
            <option key={word} value={word}>
              {word}: {says}
            </option>
          ))}
        </select>
      </Field>
      {role !== 'admin' && (
        <Field label="Only these lanes (empty: all)" wrong={refusal.of('lanes')}>
          <input
            list="key-lanes"
            autocomplete="off"
            placeholder="mail, reports"
            value={lanes}
            aria-invalid={refusal.of('lanes') ? true : undefined}
            onInput={e => setLanes(e.currentTarget.value)}
          />
        </Field>
      )}
      <datalist id="key-lanes">
        {known.map(l => (
          <option key={l} value={l} />
        ))}
      </datalist>
      <Life value={life} set={setLife} wrong={refusal.of('expiresIn')} />
    </Act>
  )
}

const overlaps = [
  ['0s', 'not at all: it ends at once'],
  ['1h', '1 hour'],
  ['1d', '1 day'],
  ['7d', '7 days'],
  ['30d', '30 days'],
] as const

export const Rotate = ({ of, close, made }: { of: KeyView; close: () => void; made: (created: CreatedKeyView) => void }) => {
  const [overlap, setOverlap] = useState('1d')
  const [life, setLife] = useState('90d')
  const refusal = useRefusal()
  const run = refusal.heard(async () => made(await call<CreatedKeyView>(`keys/${of.id}/rotate`, { body: { overlap, expiresIn: life } })))
  return (
    <Act
      title={
        <>
          Rotate key <bdi>{of.name}</bdi>
        </>
      }
      verb="Rotate"
      run={run}
      close={close}
    >
      <p class="mid">Makes a new key with the same name, role and lanes. Change the programs to it while both are valid.</p>
      <Field label="The old key stays valid for" wrong={refusal.of('overlap')}>
        <select value={overlap} onChange={e => setOverlap(e.currentTarget.value)}>
          {overlaps.map(([length, name]) => (
            <option key={length} value={length}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <Life value={life} set={setLife} wrong={refusal.of('expiresIn')} />
      {of.id === me.value?.keyId && overlap === '0s' && (
        <p class="notice bad">You are signed in with this key: your session ends with it, before you have seen the new one.</p>
      )}
    </Act>
  )
}

export const Revoke = ({ of, close, done }: { of: KeyView } & Asks) => {
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const run = async () => {
    await call<KeyView>(`keys/${of.id}/revoke`, { body: { reason: reason || null } })
    tell(
      <>
        Key <bdi>{of.name}</bdi> is revoked.
      </>,
    )
    done()
  }
  return (
    <Act
      title={
        <>
          Revoke key <bdi>{of.name}</bdi>
        </>
      }
      verb="Revoke"
      danger
      disabled={typed !== of.name}
      run={run}
      close={close}
    >
      <p>
        <Id id={of.id} /> is refused within 2 seconds, everywhere and for ever, and its sessions and streams end.
      </p>
      {of.id === me.value?.keyId && <p class="notice bad">You are signed in with this key: your session ends with it.</p>}
      <Field label="Reason (optional)">
        <input maxLength={500} value={reason} onInput={e => setReason(e.currentTarget.value)} />
      </Field>
      <Field
        label={
          <>
            Type <bdi>{of.name}</bdi> to confirm
          </>
        }
      >
        <input required autocomplete="off" spellcheck={false} value={typed} onInput={e => setTyped(e.currentTarget.value)} />
      </Field>
    </Act>
  )
}

export const EndSession = ({ of, close, done }: { of: SessionView } & Asks) => {
  const run = async () => {
    await call(`sessions/${of.id}`, { method: 'DELETE' })
    tell('The session has ended.')
    done()
  }
  return (
    <Act title="End a session" verb="End session" danger run={run} close={close}>
      <p>
        <bdi>{of.name}</bdi> ({of.role}) has to sign in again.
        {of.isCurrent && ' It is your own.'}
      </p>
    </Act>
  )
}
