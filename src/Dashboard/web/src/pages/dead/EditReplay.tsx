import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, text } from '../../data/api'
import { differences, hasSecret } from '../../data/diff'
import { parseExact } from '../../data/exact'
import type { DeadLetterView, ReplayedView } from '../../data/types'
import { Failed, Link, Loading } from '../../parts/basics'
import { Changes } from '../../parts/changes'
import { Act } from '../../parts/dialog'
import { type Asks, tellReplayed } from './dialogs'

const pause = 500

const parsed = (typed: string): { value?: unknown; wrong?: string } => {
  try {
    return { value: parseExact(typed) }
  } catch (e) {
    return { wrong: `This is no JSON: ${(e as Error).message}` }
  }
}

/** Replays a dead letter with other args: what changes is shown, and checked by the server, before anything is sent. */
export const EditReplay = ({ id, close, done }: { id: string } & Asks) => {
  const [before, setBefore] = useState<{ args: unknown }>()
  const [typed, setTyped] = useState('')
  const [error, setError] = useState<ApiError>()
  const [checked, setChecked] = useState<{ of: string; error?: ApiError }>()

  const [isLate, setLate] = useState(false)

  const route = `dead-letters/${id}`
  const read = async () => {
    try {
      const { run } = parseExact(await text(route)) as DeadLetterView
      setBefore({ args: run.args })
      setTyped(JSON.stringify(run.args, null, 2) ?? 'null')
      setError(undefined)
    } catch (e) {
      setError(e instanceof ApiError ? e : new ApiError(0, { detail: String(e) }))
    }
  }
  useEffect(() => void read(), [id])

  const after = parsed(typed)
  const changes = before && !after.wrong ? differences(before.args, after.value) : []
  useEffect(() => {
    if (changes.length === 0) return
    const ended = new AbortController()
    const timer = setTimeout(async () => {
      try {
        await call<ReplayedView>(`${route}/replay?dryRun=true`, { method: 'POST', body: { args: after.value }, signal: ended.signal })
        setChecked({ of: typed })
      } catch (e) {
        if (!ended.signal.aborted) setChecked({ of: typed, error: e instanceof ApiError ? e : new ApiError(0, { detail: String(e) }) })
      }
    }, pause)
    return () => {
      clearTimeout(timer)
      ended.abort()
    }
  }, [typed, before])

  const answer = checked?.of === typed ? checked : undefined
  const refused = answer?.error
  const run = async () => {
    try {
      await call<ReplayedView>(`${route}/replay`, { body: { args: after.value } })
    } catch (e) {
      if (e instanceof ApiError && [404, 409].includes(e.status)) setLate(true)
      throw e
    }
    tellReplayed(id)
    done()
  }
  return (
    <Act
      title="Edit the args and replay"
      verb="Replay with these args"
      wide
      disabled={isLate || changes.length === 0 || !answer || !!refused}
      run={run}
      close={close}
    >
      {error && <Failed error={error} retry={read} />}
      {!before && !error && <Loading />}
      {before && (
        <>
          <label class="field">
            <span class="label">Args, JSON</span>
            <textarea
              rows={Math.min(20, Math.max(6, typed.split('\n').length + 1))}
              spellcheck={false}
              value={typed}
              aria-invalid={after.wrong || refused ? true : undefined}
              aria-describedby="args-wrong"
              onInput={e => setTyped(e.currentTarget.value)}
            />
          </label>
          {hasSecret(before.args) && (
            <p class="small mid">
              <code>***</code> stands for a secret that is not shown. Leave it, and the stored one is kept; write another value, and that is
              taken.
            </p>
          )}
          <div id="args-wrong" role="status">
            {after.wrong && <p class="wrong">{after.wrong}</p>}
            {refused && <p class="wrong">{refused.message}</p>}
            {refused?.problem.errors?.slice(1).map(e => (
              <p key={e.pointer + e.code} class="wrong">
                {e.detail}
              </p>
            ))}
            {answer && !refused && !isLate && !after.wrong && changes.length > 0 && (
              <p class="small good">
                <span aria-hidden="true">✓</span> The server takes these args.
              </p>
            )}
          </div>
          {isLate && (
            <p class="notice retry">
              Somebody else was faster. What you have typed stays here until you close this. <Link to={`runs/${id}`}>Look at the run</Link>
            </p>
          )}
          {!after.wrong && <Changes of={changes} none="Nothing is changed yet. To start it with the same args, use Replay." />}
        </>
      )}
    </Act>
  )
}
