import { clock, duration, exact } from '../../data/format'
import type { RunDetailView } from '../../data/types'
import { tone } from '../../data/words'
import { useNow } from '../../parts/basics'
import { draw, stretches } from './timeline'

const part = (of: number) => `${of * 100}%`

/** The life of a run from left to right: hatched while it waits, solid while an attempt works. The list says the same in words. */
export const Timeline = ({ run }: { run: RunDetailView }) => {
  const now = useNow()
  const drawn = draw(stretches(run, now))
  if (drawn.length === 0) return <p class="mid">It waits.</p>
  const rows = drawn.filter(s => s.kind === 'works')
  return (
    <ol class="timeline">
      {rows.map((work, i) => {
        const wait = drawn[drawn.indexOf(work) - 1]
        const waited = wait?.kind === 'waits' ? wait : undefined
        const outcome = work.outcome ?? 'running'
        return (
          <li key={`${work.number} ${i}`}>
            <span class="timeline-name">{work.name}</span>
            <span class="timeline-bar" aria-hidden="true">
              {waited && (
                <i class={`waits ${waited.isFolded ? 'folded' : ''}`} style={{ left: part(waited.left), width: part(waited.width) }} />
              )}
              <i class={`works ${tone(outcome)}`} style={{ left: part(work.left), width: part(work.width) }} />
            </span>
            <span class="timeline-says">
              {waited && <span class="weak">waited {duration((waited.until - waited.from) / 1000)}, </span>}
              <span title={exact(work.from)}>{clock(work.from)}</span> {duration((work.until - work.from) / 1000)}{' '}
              <span class={tone(outcome)}>{outcome}</span>
              {work.worker && (
                <span class="weak">
                  {' '}
                  on <bdi>{work.worker}</bdi>
                </span>
              )}
            </span>
          </li>
        )
      })}
      {rows.length === 0 && (
        <li>
          <span class="timeline-name">{drawn[0]!.name}</span>
          <span class="timeline-bar" aria-hidden="true">
            <i class="waits" style={{ left: '0', width: '100%' }} />
          </span>
          <span class="timeline-says weak">has waited {duration(Math.round((drawn[0]!.until - drawn[0]!.from) / 1000))}</span>
        </li>
      )}
    </ol>
  )
}
