/** A block of a long text. The browser lays out only the blocks that are in view. */
export interface Block {
  text: string
  /** Lines, as far as a block of a fixed width can tell. */
  lines: number
}

const linesOfBlock = 200
const charactersOfBlock = 20_000

/** Cuts a text at ends of lines; a line that is too long is cut where it must be. */
export const blocksOf = (text: string): Block[] => {
  const blocks: Block[] = []
  let from = 0
  while (from < text.length) {
    let lines = 0
    let until = from
    while (lines < linesOfBlock) {
      const end = text.indexOf('\n', until)
      const next = end < 0 ? text.length : end + 1
      if (next - from > charactersOfBlock && lines > 0) break
      until = next
      lines++
      if (until === text.length) break
    }
    if (until - from > charactersOfBlock) {
      until = from + charactersOfBlock
      // No half of a character that takes two units.
      if (/[\uD800-\uDBFF]/.test(text[until - 1]!)) until--
      lines = Math.ceil(charactersOfBlock / 120)
    }
    blocks.push({ text: text.slice(from, until), lines })
    from = until
  }
  return blocks
}

/** Where a text has what is searched, upper and lower case alike; not more than `most` places. */
export const placesOf = (text: string, searched: string, most: number): number[] => {
  if (searched === '') return []
  const places: number[] = []
  const pattern = new RegExp(searched.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'giu')
  for (const match of text.matchAll(pattern)) {
    places.push(match.index)
    if (places.length === most) break
  }
  return places
}

// What stands on the stack of every job: the runtime, its libraries, and Fleet itself.
const foreign = /^\s+at (?:System|Microsoft|Npgsql|RabbitMQ|Polly|Dapper|Fleet\.(?:Core|Engine|Hosting|Client|Api|Worker|Contracts))\./

/** A stack without the frames of libraries; a line says how many are left out. */
export const ownFrames = (stack: string): string => {
  const lines: string[] = []
  let left = 0
  const say = () => {
    if (left > 0) lines.push(`   … ${left} ${left === 1 ? 'frame' : 'frames'} of libraries`)
    left = 0
  }
  for (const line of stack.split('\n')) {
    if (foreign.test(line)) left++
    else {
      say()
      lines.push(line)
    }
  }
  say()
  return lines.join('\n')
}

/** The name of the type without its namespace comes first in an error; the message and the stack follow. */
export const errorText = (of: { errorType: string | null; error: string | null; stack: string | null }): string =>
  [[of.errorType, of.error].filter(Boolean).join(': '), of.stack].filter(Boolean).join('\n')
