import { useState } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import { count, many, whole } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { DeadGroupDetailView } from '../../data/types'
import { Actor, Chip, Copy, Empty, Failed, Icon, Id, Link, Loading, PageHead, Panel, Time, Took } from '../../parts/basics'
import { Operate } from '../../parts/operate'
import { Strip } from '../../parts/strip'
import '../../style/dead.css'
import { Discard, Mute, said, Unmute } from './dialogs'
import { differing, nothingDiffers } from './differing'
import { Export } from './transfer'
import { hour, inWords } from './trends'

const Differing = ({ group }: { group: DeadGroupDetailView }) => {
  const of = group.args
  if (!of) return null
  return (
    <Panel title="Which args differ">
      {of.enough && of.differences.length > 0 ? (
        <>
          <p class="finding">{differing(of.differences[0]!, of)}</p>
          {of.differences.length > 1 && (
            <ul class="small mid others">
              {of.differences.slice(1).map(d => (
                <li key={d.path + JSON.stringify(d.value)}>{differing(d, of)}</li>
              ))}
            </ul>
          )}
          <p class="small weak">
            Compared with the newest runs of <bdi>{of.job}</bdi> that succeeded. A hint: what fails together need not be the cause.
          </p>
        </>
      ) : (
        <p class="mid">{nothingDiffers(of)}</p>
      )}
    </Panel>
  )
}

const Samples = ({ group }: { group: DeadGroupDetailView }) => (
  <Panel
    title="Newest runs"
    flush
    beside={<Link to={`runs?q=${encodeURIComponent(`fingerprint:${group.fingerprint}`)}`}>All {count(group.count)}</Link>}
  >
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Dead letter</th>
          <th scope="col">Job</th>
          <th scope="col">Lane</th>
          <th scope="col">Failed</th>
          <th scope="col" class="num">
            Attempts
          </th>
          <th scope="col" class="num">
            Took
          </th>
        </tr>
      </thead>
      <tbody>
        {group.samples.map(r => (
          <tr key={r.id}>
            <td class="first-line">
              <Id id={r.id} to={`dead-letters/${r.id}`} short />
            </td>
            <td>
              <bdi>{r.job}</bdi>
            </td>
            <td data-label="lane">
              <bdi>{r.lane}</bdi>
            </td>
            <td>
              <Time at={r.finishedAt} />
            </td>
            <td class="num" data-label="attempts">
              {r.attempt}
            </td>
            <td class="num" data-label="took">
              <Took from={r.startedAt} until={r.finishedAt ?? r.startedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Panel>
)

const Facts = ({ group }: { group: DeadGroupDetailView }) => (
  <Panel title="When and where">
    <Strip values={group.trend} label={inWords(group.trend)} titles={hour(group.trend)} />
    <p class="small mid">
      {inWords(group.trend)}; {whole(group.dayBefore)} in the 24 hours before.
      {group.trendSince && (
        <>
          {' '}
          Counted since <Time at={group.trendSince} />.
        </>
      )}
    </p>
    <dl class="pairs small">
      <dt>First</dt>
      <dd>
        <Time at={group.firstAt} />
      </dd>
      <dt>Last</dt>
      <dd>
        <Time at={group.lastAt} />
      </dd>
      <dt>Jobs</dt>
      <dd>
        {group.jobs.map((j, i) => (
          <span key={j.job}>
            {i > 0 && ', '}
            <Link to={`jobs/${encodeURIComponent(j.job)}`}>
              <bdi>{j.job}</bdi>
            </Link>{' '}
            <span class="weak">{whole(j.count)}</span>
          </span>
        ))}
      </dd>
      <dt>Lanes</dt>
      <dd>
        {group.lanes.map((lane, i) => (
          <span key={lane}>
            {i > 0 && ', '}
            <Link to={`lanes/${encodeURIComponent(lane)}`}>
              <bdi>{lane}</bdi>
            </Link>
          </span>
        ))}
      </dd>
      <dt>Versions</dt>
      <dd>
        {group.versions.length === 0 && '–'}
        {group.versions.map(v => (
          <p key={v.version}>
            <bdi>{v.version}</bdi>:{' '}
            <span class="weak">
              {whole(v.count)}, <Time at={v.firstAt} /> to <Time at={v.lastAt} />
            </span>
          </p>
        ))}
      </dd>
      <dt>Fingerprint</dt>
      <dd>
        <Id id={group.fingerprint} />
      </dd>
    </dl>
  </Panel>
)

/** Dead letters that failed alike. */
export const DeadGroup = () => {
  const { fingerprint = '' } = useRoute().params
  const of = encodeURIComponent(fingerprint)
  const answer = useAnswer<DeadGroupDetailView>(`dead-letters/groups/${of}?args=true`, { every: 15 })
  const [asks, ask] = useState<'replay' | 'mute' | 'unmute' | 'discard'>()
  const close = () => ask(undefined)
  const group = answer.data
  const isGone = answer.error?.status === 404
  const name = group?.errorType?.split('.').at(-1) ?? 'Dead letters that failed alike'
  return (
    <div class="page">
      <p class="small">
        <Link to="dead-letters">Dead letters</Link>
      </p>
      <PageHead title={name} beside={group && !isGone && <Chip word="dead" text={`${count(group.count)} dead`} />}>
        {group && !isGone && <Export filters={{ q: `fingerprint:${fingerprint}` }} />}
        {group && !isGone && may('operate') && (
          <>
            <button type="button" onClick={() => ask(group.mute ? 'unmute' : 'mute')}>
              {group.mute ? 'Unmute' : 'Mute…'}
            </button>
            <button type="button" class="primary" onClick={() => ask('replay')}>
              <Icon name="rotate-ccw" /> Replay all…
            </button>
            <button type="button" class="danger apart" onClick={() => ask('discard')}>
              Discard…
            </button>
          </>
        )}
      </PageHead>
      {isGone ? (
        <Panel>
          <Empty>
            There are no dead letters in this group any more: they were replayed, discarded or deleted.{' '}
            <Link to={`runs?q=${encodeURIComponent(`fingerprint:${fingerprint}`)}`}>Its runs</Link>
          </Empty>
        </Panel>
      ) : (
        answer.error && <Failed error={answer.error} at={answer.at} retry={answer.reload} />
      )}
      {!group && !answer.error && <Loading />}
      {group && !isGone && (
        <>
          {group.mute && (
            <p class="notice">
              Muted {said(group.mute)} by <Actor by={group.mute.by} /> at <Time at={group.mute.at} />
              {group.mute.reason && (
                <>
                  : <bdi>{group.mute.reason}</bdi>
                </>
              )}
            </p>
          )}
          <div class="panels two">
            <Differing group={group} />
            <Facts group={group} />
          </div>
          <Panel title="Error" beside={<Copy text={`${group.error ?? ''}\n${group.stack ?? ''}`} what="error" />}>
            <div class="panels">
              <p class="small weak">
                <bdi>{group.errorType ?? 'no type'}</bdi>, the newest of {many(group.count.value, 'dead letter')}
              </p>
              <pre class="payload" tabIndex={0}>
                {group.error ?? 'The program gave no message.'}
              </pre>
              {group.stack && (
                <pre class="payload stack" tabIndex={0}>
                  {group.stack}
                </pre>
              )}
            </div>
          </Panel>
          <Samples group={group} />
        </>
      )}
      {group && asks === 'replay' && (
        <Operate
          kind="replay"
          query={`fingerprint:${fingerprint}`}
          of="They start again under the same ids, each with the same args."
          close={close}
        />
      )}
      {asks === 'mute' && <Mute fingerprint={fingerprint} close={close} done={answer.reload} />}
      {asks === 'unmute' && <Unmute fingerprint={fingerprint} close={close} done={answer.reload} />}
      {group && asks === 'discard' && (
        <Discard route={`dead-letters/groups/${of}`} count={group.count.value} close={close} done={answer.reload} />
      )}
    </div>
  )
}
