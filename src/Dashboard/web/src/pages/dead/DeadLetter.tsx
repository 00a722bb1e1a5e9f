import { useState } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import { exact, many } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { DeadLetterView } from '../../data/types'
import { Chip, Copy, Empty, Failed, Icon, Id, Link, Loading, PageHead, Panel, Time, Took } from '../../parts/basics'
import '../../style/dead.css'
import { groupPath } from './DeadLetters'
import { Discard, Replay, said } from './dialogs'
import { EditReplay } from './EditReplay'

const Log = ({ letter }: { letter: DeadLetterView }) => (
  <Panel title="End of the log" beside={<Link to={`runs/${letter.run.id}`}>All of it</Link>}>
    {letter.log.length === 0 ? (
      <p class="weak">The run wrote no log.</p>
    ) : (
      <ol class="payload end-of-log" tabIndex={0}>
        {letter.log.map(line => (
          <li key={line.id}>
            <span class="weak" title={exact(line.at)}>
              <Time at={line.at} /> {line.attempt} {line.level}
            </span>{' '}
            <bdi>{line.message}</bdi>
          </li>
        ))}
      </ol>
    )}
  </Panel>
)

/** A run that failed for good. */
export const DeadLetter = () => {
  const { id = '' } = useRoute().params
  const answer = useAnswer<DeadLetterView>(`dead-letters/${encodeURIComponent(id)}`, {
    when: c => c.runs?.ids.includes(id) || c.runs?.more || false,
  })
  const [asks, ask] = useState<'replay' | 'edit' | 'discard'>()
  const close = () => ask(undefined)
  const { data: letter, error } = answer
  const isGone = error?.problem.code === 'not_dead'
  const run = letter?.run
  const stack = run?.attempts.at(-1)?.stack
  const args = run && JSON.stringify(run.args, null, 2)
  return (
    <div class="page">
      <p class="small">
        <Link to="dead-letters">Dead letters</Link>
        {run?.fingerprint && (
          <>
            {' › '}
            <Link to={groupPath(run.fingerprint)}>those that failed alike</Link>
          </>
        )}
      </p>
      <PageHead title={run?.job ?? 'Dead letter'} beside={run && !isGone && <Chip word="dead" />}>
        {run && !isGone && may('operate') && (
          <>
            <button type="button" onClick={() => ask('edit')}>
              Edit &amp; replay…
            </button>
            <button type="button" class="primary" onClick={() => ask('replay')}>
              <Icon name="rotate-ccw" /> Replay
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
            This run is no dead letter any more: somebody replayed or discarded it. <Link to={`runs/${id}`}>Look at the run</Link>
          </Empty>
        </Panel>
      ) : (
        error && <Failed error={error} at={answer.at} retry={answer.reload} />
      )}
      {!letter && !error && <Loading />}
      {run && !isGone && (
        <>
          <div class="facts">
            <Id id={run.id} to={`runs/${run.id}`} short />
            <span>
              lane{' '}
              <Link to={`lanes/${encodeURIComponent(run.lane)}`}>
                <bdi>{run.lane}</bdi>
              </Link>
            </span>
            {run.scheduleId && (
              <span>
                schedule{' '}
                <Link to={`schedules/${encodeURIComponent(run.scheduleId)}`}>
                  <bdi>{run.scheduleId}</bdi>
                </Link>
              </span>
            )}
            <span>
              failed <Time at={run.finishedAt} /> after {many(run.attemptsUsed, 'attempt')}, the last took{' '}
              <Took from={run.startedAt} until={run.finishedAt ?? run.startedAt} />
            </span>
            {run.replays > 0 && <span>replayed {run.replays === 1 ? 'once' : `${run.replays} times`}</span>}
            {run.workerName && (
              <span>
                worker <bdi>{run.workerName}</bdi>
              </span>
            )}
          </div>
          {letter.mute && (
            <p class="notice">
              Its group is muted {said(letter.mute)}
              {letter.mute.reason && (
                <>
                  : <bdi>{letter.mute.reason}</bdi>
                </>
              )}
            </p>
          )}
          <Panel title="Error" beside={<Copy text={`${run.error ?? ''}\n${stack ?? ''}`} what="error" />}>
            <div class="panels">
              {run.errorType && (
                <p class="small weak">
                  <bdi>{run.errorType}</bdi>
                </p>
              )}
              <pre class="payload" tabIndex={0}>
                {run.error ?? 'The program gave no message.'}
              </pre>
              {stack && (
                <pre class="payload stack" tabIndex={0}>
                  {stack}
                </pre>
              )}
            </div>
          </Panel>
          <div class="panels two">
            <Panel title="Args" beside={<Copy text={args ?? ''} what="args" />}>
              <pre class="payload" tabIndex={0}>
                {args}
              </pre>
            </Panel>
            <Log letter={letter} />
          </div>
        </>
      )}
      {run && asks === 'replay' && <Replay id={id} close={close} done={answer.reload} />}
      {run && asks === 'edit' && <EditReplay id={id} close={close} done={answer.reload} />}
      {run && asks === 'discard' && <Discard route={`dead-letters/${id}`} count={1} close={close} done={answer.reload} />}
    </div>
  )
}
