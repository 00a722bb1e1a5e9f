import { useState } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import { count, many, percent, whole } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { OperationView } from '../../data/types'
import { Actor, Chip, Failed, Id, Link, Loading, PageHead, Panel, Time, Took } from '../../parts/basics'
import '../../style/dead.css'
import { livePace, ProgressBar, Stop } from './Operations'
import { inWords, progress, skippedWhy, timeLeft } from './progress'

const Facts = ({ of }: { of: OperationView }) => (
  <Panel title="What it touches">
    <dl class="pairs small">
      <dt>Query</dt>
      <dd>
        <Link to={`runs?q=${encodeURIComponent(of.query)}`}>
          <code>
            <bdi>{of.query}</bdi>
          </code>
        </Link>
      </dd>
      <dt>Matched</dt>
      <dd>
        {count(of.matched)} at <Time at={of.horizon.at} />; no run that came or ended later
      </dd>
      {of.lanes && (
        <>
          <dt>Lanes</dt>
          <dd>
            <bdi>{of.lanes.join(', ')}</bdi>
          </dd>
        </>
      )}
      <dt>By</dt>
      <dd>
        <Actor by={of.createdBy} />, <Time at={of.createdAt} />
      </dd>
      <dt>Reason</dt>
      <dd>
        <bdi>{of.reason ?? '–'}</bdi>
      </dd>
      {of.canceledBy && (
        <>
          <dt>Stopped by</dt>
          <dd>
            <Actor by={of.canceledBy} />
          </dd>
        </>
      )}
      <dt>Id</dt>
      <dd>
        <Id id={of.id} />
      </dd>
      <dt>Also</dt>
      <dd>
        <code>fleet operation watch {of.id}</code>
      </dd>
    </dl>
  </Panel>
)

const Progress = ({ of }: { of: OperationView }) => {
  const { part, skipped } = progress(of)
  return (
    <Panel title="How far it is">
      <p class="finding">{[inWords(of), timeLeft(of)].filter(Boolean).join(' · ')}</p>
      <div class="wide-bar">
        <ProgressBar of={of} /> <span class="small">{percent(part)}</span>
      </div>
      <dl class="pairs small">
        <dt>Done</dt>
        <dd>{whole(of.done)}</dd>
        <dt>Skipped</dt>
        <dd>{skipped > 0 ? `${whole(skipped)}: ${skippedWhy(of)}` : '0'}</dd>
        <dt>Failed</dt>
        <dd>{whole(of.failed)}</dd>
        <dt>Rate</dt>
        <dd>at most {many(of.rate, 'run')} per second</dd>
        <dt>Took</dt>
        <dd>
          <Took from={of.createdAt} until={of.finishedAt} />
        </dd>
      </dl>
      {of.error && (
        <p class="notice bad">
          The last error: <bdi>{of.error}</bdi>
        </p>
      )}
    </Panel>
  )
}

/** One change of many runs, live until it has ended. */
export const Operation = () => {
  const { id = '' } = useRoute().params
  const [hasEnded, setEnded] = useState(false)
  const answer = useAnswer<OperationView>(`operations/${encodeURIComponent(id)}`, { every: hasEnded ? undefined : livePace })
  const of = answer.data
  const ended = of !== undefined && of.finishedAt !== null
  if (of && ended !== hasEnded) setEnded(ended)
  const [isStopping, stop] = useState(false)
  return (
    <div class="page">
      <p class="small">
        <Link to="operations">Operations</Link>
      </p>
      <PageHead
        title={
          of
            ? `${of.kind[0]!.toUpperCase()}${of.kind.slice(1)} of ${count(of.matched)} ${of.matched.value === 1 ? 'run' : 'runs'}`
            : 'Operation'
        }
        beside={of && <Chip word={of.state} />}
      >
        {of?.state === 'running' && may('operate') && (
          <button type="button" class="danger" onClick={() => stop(true)}>
            Stop
          </button>
        )}
      </PageHead>
      {answer.error && <Failed error={answer.error} at={answer.at} retry={answer.reload} />}
      {!of && !answer.error && <Loading />}
      {of && (
        <div class="panels two">
          <Progress of={of} />
          <Facts of={of} />
        </div>
      )}
      {of && isStopping && <Stop operation={of} close={() => stop(false)} done={answer.reload} />}
    </div>
  )
}
