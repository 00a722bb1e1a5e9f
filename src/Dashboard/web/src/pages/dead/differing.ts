import { inLine } from '../../data/diff'
import { many, whole } from '../../data/format'
import type { ArgsComparisonView, ArgsDifferenceView } from '../../data/types'

/** `shop=42`, or `no shop` where the member is missing. */
export const named = (d: ArgsDifferenceView): string => (d.missing ? `no ${d.path}` : `${d.path}=${inLine(d.value)}`)

/** What failed runs have in common that runs that succeeded do not, as a sentence. */
export const differing = (d: ArgsDifferenceView, of: ArgsComparisonView): string => {
  const failed = `${whole(d.failed)} of ${whole(of.failedRuns)}`
  const others = of.succeededRuns - d.succeeded
  return d.succeeded === 0
    ? d.failed === of.failedRuns
      ? `Only ${named(d)} fails (${failed}); others succeed (${whole(others)}).`
      : `${named(d)} always fails (${failed} dead letters have it); others mostly succeed (${whole(others)}).`
    : d.failed === of.failedRuns
      ? `All that failed have ${named(d)} (${failed}); of ${many(of.succeededRuns, 'run')} that succeeded, ${whole(d.succeeded)} have it.`
      : `${failed} that failed have ${named(d)}, and ${whole(d.succeeded)} of ${whole(of.succeededRuns)} that succeeded.`
}

/** The whole comparison when there is nothing to name. */
export const nothingDiffers = (of: ArgsComparisonView): string =>
  of.enough
    ? `The args do not tell them apart: ${many(of.failedRuns, 'dead letter')} and ${many(of.succeededRuns, 'run')} of ${of.job} that succeeded were compared.`
    : `Too few runs to compare: ${many(of.failedRuns, 'dead letter')} and ${many(of.succeededRuns, 'run')} of ${of.job} that succeeded; 5 of each are needed.`
