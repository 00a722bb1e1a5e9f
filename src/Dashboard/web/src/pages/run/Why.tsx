import type { Answer } from '../../data/query'
import type { EvidenceView, ExplanationView, SentenceView } from '../../data/types'
import { Link, Panel, Shown, Time } from '../../parts/basics'

const pages = /^\/api\/v1\/(?:runs|schedules|workers|jobs|operations)\/[^/?]+$/

/** The row that a sentence comes from, with a link where this page shows it. */
const Evidence = ({ of, here }: { of: EvidenceView; here: string }) => {
  const path = of.link && pages.test(of.link) ? of.link.slice('/api/v1/'.length) : undefined
  const name = `${of.table} ${of.id}`
  const text = of.id.length > 20 ? `${of.table} ${of.id.slice(0, 4)}…${of.id.slice(-6)}` : name
  if (path === undefined || path === `runs/${here}` || path.startsWith('workers/'))
    return (
      <bdi class="weak" title={name}>
        {text}
      </bdi>
    )
  return (
    <Link to={path} title={name}>
      <bdi>{text}</bdi>
    </Link>
  )
}

/** Sentences about a run, each with the rows that it comes from. */
export const Sentences = ({ of, here }: { of: SentenceView[]; here: string }) => (
  <ol class="sentences">
    {of.map((s, i) => (
      <li key={i}>
        <span class="small weak">{s.at ? <Time at={s.at} /> : '–'}</span>
        <span>
          <bdi>{s.text}</bdi>
          <span class="small evidence">
            {s.evidence.map(e => (
              <Evidence key={e.table + e.id} of={e} here={here} />
            ))}
          </span>
        </span>
      </li>
    ))}
  </ol>
)

/** Why the run is as it is, in one paragraph, and what it waits for. */
export const Why = ({ answer, history }: { answer: Answer<ExplanationView>; history: string }) => (
  <Panel title="Why" class="why">
    <Shown answer={answer} lines={2}>
      {({ summary, now }) => {
        const reasons = now.reasons.filter(r => !summary.includes(r.text))
        return (
          <>
            <p>
              <bdi>{summary}</bdi>
            </p>
            {reasons.map(r => (
              <p key={r.code} class="now">
                <b>Now:</b> <bdi>{r.text}</bdi>
              </p>
            ))}
            <p class="small">
              <Link to={history}>What this is told from</Link> <span class="weak">· times in these sentences are UTC</span>
            </p>
          </>
        )
      }}
    </Shown>
  </Panel>
)
