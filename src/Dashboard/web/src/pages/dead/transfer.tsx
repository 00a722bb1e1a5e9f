import { useState } from 'preact/hooks'
import { call, query, text } from '../../data/api'
import { parseExact } from '../../data/exact'
import { many, whole } from '../../data/format'
import type { DeadLetterExportView, ExportedDeadLetterView, ImportedView } from '../../data/types'
import { Icon } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { useRefusal } from '../../parts/refusal'
import { tell } from '../../parts/told'

/** How many one request may import. */
const atOnce = 1_000

/** The dead letters of a file: JSON lines as `fleet dead export` writes them, a list, or an answer of the API. */
export const readExported = (content: string): ExportedDeadLetterView[] => {
  const items = (value: unknown): unknown[] =>
    Array.isArray(value) ? value : ((value as { items?: unknown[] })?.items ?? (value as { runs?: unknown[] })?.runs ?? [value])
  let found: unknown[]
  try {
    found = items(parseExact(content))
  } catch {
    found = content.split('\n').flatMap((line, i) => {
      if (line.trim() === '') return []
      try {
        return [parseExact(line)]
      } catch {
        throw new Error(`Line ${i + 1} is no JSON.`)
      }
    })
  }
  const wrong = found.findIndex(f => typeof (f as ExportedDeadLetterView)?.id !== 'string' || !(f as ExportedDeadLetterView).job)
  if (wrong >= 0) throw new Error(`Item ${wrong + 1} is no exported dead letter: it has no id and job.`)
  if (found.length === 0) throw new Error('The file has no dead letters.')
  return found as ExportedDeadLetterView[]
}

/** Downloads the dead letters that match as JSON lines; `fleet dead import` and the import of the page take them. */
export const Export = ({ filters }: { filters: Record<string, string | undefined> }) => {
  const [soFar, setSoFar] = useState<number>()
  const run = async () => {
    setSoFar(0)
    const lines: string[] = []
    try {
      let cursor: string | null = null
      do {
        const page = parseExact(await text(`dead-letters/export${query({ ...filters, cursor })}`)) as DeadLetterExportView
        for (const item of page.items) lines.push(JSON.stringify(item))
        setSoFar(lines.length)
        cursor = page.next
      } while (cursor)
      const link = document.createElement('a')
      link.href = URL.createObjectURL(new Blob(lines.map(line => `${line}\n`)))
      link.download = `dead-letters-${new Date().toISOString().slice(0, 10)}.jsonl`
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
      tell(`${many(lines.length, 'dead letter')} exported, with secrets as ***.`)
    } catch (e) {
      tell(`The export failed after ${many(lines.length, 'dead letter')}: ${(e as Error).message}`)
    } finally {
      setSoFar(undefined)
    }
  }
  return (
    <button type="button" disabled={soFar !== undefined} onClick={run}>
      <Icon name="download" /> {soFar === undefined ? 'Export' : `Export: ${whole(soFar)}…`}
    </button>
  )
}

/** Enqueues the dead letters of a file as new runs. */
export const Import = ({ close, done }: { close: () => void; done: (result: ImportedView) => void }) => {
  const [runs, setRuns] = useState<ExportedDeadLetterView[]>()
  const [wrong, setWrong] = useState<string>()
  const refusal = useRefusal()
  const chosen = async (file: File | undefined) => {
    setRuns(undefined)
    setWrong(undefined)
    try {
      if (file) setRuns(readExported(await file.text()))
    } catch (e) {
      setWrong((e as Error).message)
    }
  }
  const run = refusal.heard(async () => {
    const parts = Array.from({ length: Math.ceil(runs!.length / atOnce) }, (_, i) => runs!.slice(i * atOnce, (i + 1) * atOnce))
    // 1. All of the file is checked before anything of it is enqueued.
    for (const part of parts) await call('dead-letters/import?dryRun=true', { body: { runs: part } })
    // 2. Then it is enqueued. What was enqueued already is known, so the same file can be sent again.
    const result: ImportedView = { imported: 0, known: 0, ids: [] }
    for (const part of parts) {
      const { imported, known, ids } = await call<ImportedView>('dead-letters/import', { body: { runs: part } })
      result.imported += imported
      result.known += known
      result.ids.push(...ids)
    }
    done(result)
  })
  const jobs = new Set(runs?.map(r => r.job))
  const hidden = runs?.filter(r => JSON.stringify(r.args)?.includes('"***"')).length ?? 0
  return (
    <Act title="Import dead letters" verb={runs ? `Import ${whole(runs.length)}` : 'Import'} disabled={!runs} run={run} close={close}>
      <p class="mid">
        Each makes one run, also when the file is sent twice. All of it is checked first; if one is refused, nothing is imported.
      </p>
      <Field label="File of an export (JSON lines or JSON)" wrong={wrong}>
        <input type="file" accept=".jsonl,.json,.ndjson,application/json" onChange={e => chosen(e.currentTarget.files?.[0])} />
      </Field>
      {runs && (
        <p role="status">
          {many(runs.length, 'dead letter')} of {jobs.size === 1 ? 'the job ' : many(jobs.size, 'job')}
          {jobs.size === 1 && <bdi>{[...jobs][0]}</bdi>}.
        </p>
      )}
      {hidden > 0 && (
        <p class="notice retry">
          {many(hidden, 'dead letter')} {hidden === 1 ? 'has' : 'have'} <code>***</code> in the place of a secret and will be refused so:
          put the secret into the file.
        </p>
      )}
    </Act>
  )
}
