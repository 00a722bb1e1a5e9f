/** A member of a job's args, as its schema has it. */
export interface Member {
  name: string
  /** `string`, `integer`, `number`, `boolean`, or another word of the schema. */
  type: string
  isRequired: boolean
  isNullable: boolean
  isSecret: boolean
  /** What is allowed, in words: `1–9999`, `at most 40 characters`, `a date`. */
  allowed: string
  choices?: string[]
  description?: string
}

type Schema = Record<string, unknown>

const limits = (of: Schema): string => {
  const said: string[] = []
  const [least, most] = [of.minimum, of.maximum]
  // The limits of 64 bits say nothing that the type does not.
  const isReal = (n: unknown): n is number => typeof n === 'number' && Math.abs(n) < 9e15
  if (isReal(least) && isReal(most)) said.push(`${least}–${most}`)
  else if (isReal(least)) said.push(`at least ${least}`)
  else if (isReal(most)) said.push(`at most ${most}`)
  if (typeof of.minLength === 'number' && of.minLength > 0) said.push(`at least ${of.minLength} characters`)
  if (typeof of.maxLength === 'number') said.push(`at most ${of.maxLength} characters`)
  if (typeof of.format === 'string') said.push(of.format)
  if (typeof of.pattern === 'string' && !of.format) said.push(of.pattern)
  return said.join(', ')
}

/** The members of a flat schema; undefined when it is not one, and args are written as JSON alone. */
export const membersOf = (schema: unknown): Member[] | undefined => {
  const { properties, required } = (schema ?? {}) as { properties?: Record<string, Schema>; required?: string[] }
  if (!properties) return undefined
  return Object.entries(properties).map(([name, of]) => {
    const types = ([] as unknown[]).concat(of.type ?? (of.enum ? 'string' : 'any')).map(String)
    return {
      name,
      type: types.find(type => type !== 'null') ?? 'null',
      isRequired: required?.includes(name) ?? false,
      isNullable: types.includes('null'),
      isSecret: of.writeOnly === true,
      allowed: limits(of),
      choices: Array.isArray(of.enum) ? of.enum.filter(c => c !== null).map(String) : undefined,
      description: typeof of.description === 'string' ? of.description : undefined,
    }
  })
}

/** What was typed for a member, as JSON has it; undefined leaves it out. */
export const toJson = (member: Member, typed: string): unknown => {
  if (typed === '') return undefined
  if (member.type === 'boolean') return typed === 'true'
  if (member.type === 'integer' || member.type === 'number') return Number.isNaN(Number(typed)) ? typed : Number(typed)
  return typed
}

/** Whether a member has a field of its own. */
export const hasField = (member: Member): boolean => ['string', 'integer', 'number', 'boolean'].includes(member.type)

/** The commands and texts by which other programs enqueue the same run. */
export const copies = (job: string, lane: string, args: unknown, server: string) => {
  const body = JSON.stringify({ job, args })
  const shell = body.replaceAll("'", `'\\''`)
  return {
    cli: `fleet run enqueue ${job} '${JSON.stringify(args).replaceAll("'", `'\\''`)}'`,
    curl: `curl ${server}api/v1/runs -H 'Content-Type: application/json' -d '${shell}'`,
    message: JSON.stringify({ job, args }, null, 2),
    lane,
  }
}
