import { isKiosk } from '../../data/choices'
import { clock, many, whole } from '../../data/format'
import { figures, isLive } from '../../data/live'
import type { FindingView, LiveFiguresView } from '../../data/types'
import { Link } from '../../parts/basics'
import { pageOf } from './history'

const Finding = ({ finding }: { finding: FindingView }) => {
  const page = finding.link ? pageOf(finding.link) : undefined
  const isError = finding.severity === 'error'
  return (
    <li>
      <span class={isError ? 'bad' : 'retry'} aria-hidden="true">
        {isError ? '■' : '▲'}
      </span>
      <div>
        <p>
          <span class="unseen">{finding.severity}: </span>
          <bdi class="name">{finding.sentence}</bdi>
        </p>
        <p class="says">
          <bdi>{finding.advice}</bdi>
        </p>
      </div>
      {page && !isKiosk && <Link to={page.to}>{page.name} →</Link>}
    </li>
  )
}

const Well = ({ now }: { now: LiveFiguresView }) => (
  <div class="well">
    <p>
      <span class="good" aria-hidden="true">
        ✓
      </span>{' '}
      All is well. <span class="mid">{clock(now.at)}</span>
    </p>
    <p class="facts">
      <span>
        {many(now.activeWorkers, 'worker')}, {many(now.slots, 'slot')}
      </span>
      <span>{many(now.laneCount, 'lane')}</span>
      {now.leader && (
        <span>
          <bdi>{now.leader.name}</bdi> leads
        </span>
      )}
      {now.components.map(c => (
        <span key={c.name}>
          {c.name} {c.status === 'up' ? `${c.milliseconds} ms` : c.status}
        </span>
      ))}
    </p>
  </div>
)

/** A screen on the wall is not scrolled. */
const shown = isKiosk ? 4 : Infinity

/** What is wrong, in sentences; or that nothing is. */
export const Findings = () => {
  const now = figures.value!
  const isStale = !isLive.value
  return (
    <section class="panel findings" aria-label="What is wrong">
      {isStale && (
        <p class="notice bad">
          What follows is of {clock(now.at)}. {now.problem ?? 'The server does not answer; the page connects again by itself.'}
        </p>
      )}
      {now.findings.length > 0 ? (
        <ul>
          {now.findings.slice(0, shown).map((finding, i) => (
            <Finding key={`${finding.code} ${finding.link} ${i}`} finding={finding} />
          ))}
          {now.findings.length > shown && (
            <li>
              <span />
              <p class="mid">and {whole(now.findings.length - shown)} more</p>
            </li>
          )}
        </ul>
      ) : (
        !isStale && <Well now={now} />
      )}
    </section>
  )
}
