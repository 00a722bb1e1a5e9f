import { useState } from 'preact/hooks'
import { duration, exact, when } from '../../data/format'
import type { RunDetailView } from '../../data/types'
import { hasEnded, tone } from '../../data/words'
import { Chip, Link, useNow } from '../../parts/basics'
import { axisOf, placeOf, triesOf } from './timeline'

const few = 12
const wide = (share: number) => `${share * 100}%`

/** The attempts of a run on a common axis of time: hatched is waiting, solid is work. All of it stands beside the bars in words. */
export const Timeline = ({ run, to }: { run: RunDetailView; to: (attempt: number) => string }) => {
  const isOver = hasEnded(run.state)
  const now = useNow()
  const [isAll, setAll] = useState(false)
  const tries = triesOf(run, now)
  const axis = axisOf(run, tries, now)
  const shown = isAll ? tries : tries.slice(-few)
  const start = Date.parse(run.createdAt)
  const end = axis.at(-1)?.until ?? start
  const due = Date.parse(run.dueAt)
  return (
    <div class="timeline">
      <div class="time-axis small" aria-hidden="true">
        <span />
        <div class="ends">
          <time title={exact(start)}>{when(start)}</time>
          {axis
            .filter(s => s.isFolded)
            .slice(0, 1)
            .map(s => (
              <span key={s.from}>┆ {duration((s.until - s.from) / 1000)} folded ┆</span>
            ))}
          <time title={exact(end)}>{isOver ? when(end) : 'now'}</time>
        </div>
      </div>
      <ol>
        {tries.length > shown.length && (
          <li>
            <button type="button" class="linklike" onClick={() => setAll(true)}>
              {tries.length - shown.length} earlier attempts
            </button>
          </li>
        )}
        {shown.map((t, i) => {
          const before = tries[tries.indexOf(t) - 1]
          const waitedFrom = before ? before.until : start
          const waited = Math.max(0, t.from - waitedFrom)
          const from = placeOf(axis, t.from)
          const until = placeOf(axis, t.until)
          const hatch = placeOf(axis, waitedFrom)
          const word = t.isLive ? 'running' : t.outcome
          return (
            <li key={`${t.from} ${i}`}>
              <span class="try">
                {t.error ? <Link to={to(t.number)}>attempt {t.number}</Link> : <>attempt {t.number}</>}
                {t.times > 1 && ` × ${t.times}`}
              </span>
              <div class="track" aria-hidden="true">
                <i class="wait" style={{ insetInlineStart: wide(hatch), width: wide(Math.max(0, from - hatch)) }} />
                <i class={`work ${tone(word)}`} style={{ insetInlineStart: wide(Math.min(from, 0.995)), width: wide(until - from) }} />
                {axis
                  .filter(s => s.isFolded)
                  .map(s => (
                    <i key={s.from} class="fold" style={{ insetInlineStart: wide(placeOf(axis, (s.from + s.until) / 2)) }} />
                  ))}
              </div>
              <span class="told-try small">
                <Chip word={word} /> <b title={`${exact(t.from)} to ${exact(t.until)}`}>{duration((t.until - t.from) / 1000)}</b>
                {waited >= 1000 && <span class="weak"> after {duration(waited / 1000)}</span>}
                {t.worker && (
                  <span class="weak">
                    {' '}
                    on <bdi>{t.worker}</bdi>
                  </span>
                )}
              </span>
            </li>
          )
        })}
        {run.state === 'pending' && (
          <li>
            <span class="try">attempt {run.attempt + 1}</span>
            <div class="track" aria-hidden="true">
              <i
                class="wait"
                style={{
                  insetInlineStart: wide(placeOf(axis, tries.at(-1)?.until ?? start)),
                  width: wide(1 - placeOf(axis, tries.at(-1)?.until ?? start)),
                }}
              />
            </div>
            <span class="told-try small mid">
              {due > now ? (
                <>
                  starts in {duration(Math.ceil((due - now) / 1000))}, at {when(due)}
                </>
              ) : (
                <>is due and waits for a worker, since {duration(Math.floor((now - due) / 1000))}</>
              )}
            </span>
          </li>
        )}
        {tries.length === 0 && run.state !== 'pending' && (
          <li>
            <span class="mid">It never started.</span>
          </li>
        )}
      </ol>
    </div>
  )
}
