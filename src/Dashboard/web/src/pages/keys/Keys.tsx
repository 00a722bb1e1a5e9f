import { useState } from 'preact/hooks'
import { useAnswer } from '../../data/query'
import { may, me } from '../../data/session'
import type { CreatedKeyView, KeyView, KeyViewPage, LaneViewPage, SessionView, SessionViewPage } from '../../data/types'
import { Actor, Ago, Chip, Empty, Menu, PageHead, Panel, Shown, Time } from '../../parts/basics'
import '../../style/dead.css'
import { Create, EndSession, Revoke, Rotate, Shown as ShownKey } from './dialogs'

type Asked = { ask: 'create' } | { ask: 'rotate' | 'revoke'; key: KeyView } | { ask: 'end'; session: SessionView }

const KeyRow = ({ of, ask }: { of: KeyView; ask: (asked: Asked) => void }) => (
  <tr>
    <td class="first-line nowrap">
      <Chip word={of.state} />
    </td>
    <td class="break name-cell">
      <bdi class="name">{of.name}</bdi>
      {of.id === me.value?.keyId && <span class="weak"> (yours)</span>}
      <p class="small weak">
        <code>flt_{of.id}…</code>
        {of.rotatedFrom && (
          <>
            , in place of <code>{of.rotatedFrom}</code>
          </>
        )}
        , made <Time at={of.createdAt} /> by <Actor by={of.createdBy} />
      </p>
    </td>
    <td class="nowrap">{of.role}</td>
    <td data-label="lanes" class="lanes-cell">
      {of.lanes ? <bdi>{of.lanes.join(', ')}</bdi> : <span class="weak">all</span>}
    </td>
    <td data-label="used">{of.lastUsedAt ? <Ago at={of.lastUsedAt} /> : <span class="weak">never</span>}</td>
    <td data-label={of.revokedAt ? 'revoked' : 'ends'}>
      {of.revokedAt ? (
        <>
          revoked <Time at={of.revokedAt} /> by <Actor by={of.revokedBy} />
        </>
      ) : (
        <Time at={of.expiresAt} />
      )}
    </td>
    <td class="num">
      {!['revoked', 'expired', 'ended'].includes(of.state) && (
        <Menu class="button small-button" label={<span>Change</span>}>
          <button type="button" class="plain" onClick={() => ask({ ask: 'rotate', key: of })}>
            Rotate…
          </button>
          <button type="button" class="danger" onClick={() => ask({ ask: 'revoke', key: of })}>
            Revoke…
          </button>
        </Menu>
      )}
    </td>
  </tr>
)

const KeyTable = ({ page, ask }: { page: KeyViewPage; ask: (asked: Asked) => void }) =>
  page.items.length === 0 ? (
    <Empty command="fleet key create ops --role admin --database">
      {me.value?.isProven
        ? 'There are no keys yet.'
        : 'There are no keys, and access is off: whoever reaches this address may do everything. The first key comes straight from the database:'}
    </Empty>
  ) : (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Name</th>
          <th scope="col">Role</th>
          <th scope="col">Lanes</th>
          <th scope="col">Last used</th>
          <th scope="col">Ends</th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {page.items.map(k => (
          <KeyRow key={k.id} of={k} ask={ask} />
        ))}
      </tbody>
    </table>
  )

const Sessions = ({ page, ask }: { page: SessionViewPage; ask: (asked: Asked) => void }) =>
  page.items.length === 0 ? (
    <Empty>Nobody is signed in.</Empty>
  ) : (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Role</th>
          <th scope="col">From</th>
          <th scope="col">Signed in</th>
          <th scope="col">Last seen</th>
          <th scope="col">Ends</th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {page.items.map(s => (
          <tr key={s.id} class={s.isCurrent ? 'picked' : ''}>
            <td class="first-line">
              <bdi class="name">{s.name}</bdi>
              {s.isCurrent && <span class="weak"> (this one)</span>}
              <span class="small weak one-line">{s.keyId ? <code>flt_{s.keyId}…</code> : <bdi>{s.subject}</bdi>}</span>
            </td>
            <td class="nowrap">{s.role}</td>
            <td class="break name-cell">
              <bdi>{s.address ?? '–'}</bdi>
              <bdi class="small weak one-line" title={s.agent ?? undefined}>
                {s.agent}
              </bdi>
            </td>
            <td data-label="since">
              <Time at={s.createdAt} />
            </td>
            <td data-label="seen">
              <Ago at={s.lastSeenAt} />
            </td>
            <td data-label="ends">
              <Time at={s.expiresAt} />
            </td>
            <td class="num">
              <button type="button" class="danger small-button" onClick={() => ask({ ask: 'end', session: s })}>
                End
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )

/** Keys of programs and people, and who is signed in. */
export const Keys = () => {
  const isAdmin = may('administer')
  const keys = useAnswer<KeyViewPage>(isAdmin ? 'keys' : null, { every: 30 })
  const sessions = useAnswer<SessionViewPage>('sessions', { every: 30 })
  const lanes = useAnswer<LaneViewPage>(isAdmin ? 'lanes' : null)
  const [asked, ask] = useState<Asked>()
  const [created, setCreated] = useState<CreatedKeyView>()
  const close = () => ask(undefined)
  const made = (key: CreatedKeyView) => {
    setCreated(key)
    keys.reload()
  }
  const ended = () => {
    keys.reload()
    sessions.reload()
  }
  return (
    <div class="page">
      <PageHead title="Keys">
        {isAdmin && (
          <button type="button" class="primary" onClick={() => ask({ ask: 'create' })}>
            Create…
          </button>
        )}
      </PageHead>
      <Panel title="Keys" flush>
        {isAdmin ? (
          <Shown answer={keys}>{page => <KeyTable page={page} ask={ask} />}</Shown>
        ) : (
          <Empty command="fleet key create --role admin">
            Admins may see and make keys, and you are {me.value?.role} here. An admin can give you a key of that role:
          </Empty>
        )}
      </Panel>
      <Panel title={isAdmin ? 'Sessions' : 'Your sessions'} flush>
        <Shown answer={sessions}>{page => <Sessions page={page} ask={ask} />}</Shown>
      </Panel>
      {asked?.ask === 'create' && <Create lanes={lanes.data?.items.map(l => l.name) ?? []} close={close} made={made} />}
      {asked?.ask === 'rotate' && <Rotate of={asked.key} close={close} made={made} />}
      {asked?.ask === 'revoke' && <Revoke of={asked.key} close={close} done={ended} />}
      {asked?.ask === 'end' && <EndSession of={asked.session} close={close} done={ended} />}
      {created && <ShownKey created={created} close={() => setCreated(undefined)} />}
    </div>
  )
}
