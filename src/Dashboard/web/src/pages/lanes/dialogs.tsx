import { useState } from 'preact/hooks'
import { call } from '../../data/api'
import type { LaneView } from '../../data/types'
import { Act, Field } from '../../parts/dialog'
import { useRefusal } from '../../parts/refusal'
import { tell } from '../../parts/told'
import { Until } from '../../parts/until'

const route = (lane: string, verb: string) => `lanes/${encodeURIComponent(lane)}/${verb}`

/** Asks why and until when no run of a lane is to start. */
export const PauseLane = ({ lane, done, close }: { lane: string; done: () => void; close: () => void }) => {
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState<string | null>(null)
  const refusal = useRefusal()
  const run = refusal.heard(async () => {
    await call<LaneView>(route(lane, 'pause'), { body: { reason: reason.trim() || null, until } })
    tell(
      <>
        Lane <bdi>{lane}</bdi> is paused.
      </>,
    )
    done()
  })
  return (
    <Act
      title={
        <>
          Pause lane <bdi>{lane}</bdi>
        </>
      }
      verb="Pause"
      run={run}
      close={close}
    >
      <p class="mid">The lane accepts runs, but none starts. Runs that are running go on.</p>
      <Field label="Reason (optional)" wrong={refusal.of('reason')}>
        <input value={reason} maxLength={500} onInput={e => setReason(e.currentTarget.value)} />
      </Field>
      <Until none="until somebody resumes it" set={setUntil} />
      {refusal.of('until') && <p class="wrong">{refusal.of('until')}</p>}
    </Act>
  )
}

/** Lets the runs of a paused lane start again. */
export const ResumeLane = ({ lane, done, close }: { lane: string; done: () => void; close: () => void }) => (
  <Act
    title={
      <>
        Resume lane <bdi>{lane}</bdi>
      </>
    }
    verb="Resume"
    run={async () => {
      await call<LaneView>(route(lane, 'resume'), { body: {} })
      tell(
        <>
          Lane <bdi>{lane}</bdi> takes runs again.
        </>,
      )
      done()
    }}
    close={close}
  >
    <p class="mid">The runs that wait start at once.</p>
  </Act>
)
