using Fleet.Core.Findings;
using Fleet.Core.Live;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Checks;

/// <summary>Checks what works on the database: leader, workers, lanes, outbox. Each says what the findings say about it.</summary>
public sealed class CheckFleet(ReadLiveFigures readFigures, GetFindings getFindings, TimeProvider time)
{
    /// <summary>The names of the checks, in their order.</summary>
    public static readonly IReadOnlyList<string> Names = ["leader", "workers", "lanes", "outbox", "others"];

    private const int MaxVersions = 5;

    private static readonly Dictionary<string, string[]> Codes = new(StringComparer.Ordinal)
    {
        ["leader"] = ["no_leader"],
        ["workers"] = ["worker_silent", "worker_drained", "worker_version_differs"],
        ["lanes"] = ["lane_without_worker", "job_unserved", "lane_behind", "lane_paused"],
        ["outbox"] = ["outbox_late", "messages_parked"],
    };

    // The check of the database's clock says it already.
    private static readonly string[] SaidElsewhere = ["clocks_differ"];

    /// <summary>Executes the checks.</summary>
    /// <exception cref="Exception">The database does not answer.</exception>
    public async Task<IReadOnlyList<Check>> ExecuteAsync(CancellationToken ct)
    {
        var begun = time.GetTimestamp();
        var figures = await readFigures.ExecuteAsync(ct);
        var findings = await getFindings.ExecuteAsync(figures, ct);
        var took = time.GetElapsedTime(begun);

        var known = Codes.Values.SelectMany(c => c).Concat(SaidElsewhere).ToHashSet(StringComparer.Ordinal);
        var active = figures.Workers.Count(w => w.State == WorkerState.Active);
        return
        [
            Of("leader", figures.Leader is { } leader ? $"{leader.Name} leads, term {leader.Term}." : "The leader changes at the moment."),
            WorkersOf(Of("workers", $"{active} active."), active, VersionsOf(figures.Workers)),
            Of("lanes", figures.Lanes.Count switch
            {
                0 => "There are none yet.",
                1 => "One lane, and nothing waits for a worker.",
                var count => $"{count} lanes, and nothing waits for a worker.",
            }),
            Of("outbox", "Nothing waits for long."),
            From("others", [.. findings.Where(f => !known.Contains(f.Code))], "Nothing else is wrong.", took),
        ];

        Check Of(string name, string well) =>
            From(name, [.. findings.Where(f => Codes[name].Contains(f.Code, StringComparer.Ordinal))], well, took);
    }

    private static Check From(string name, IReadOnlyList<Finding> findings, string well, TimeSpan took)
    {
        if (findings is not [var worst, ..])
            return new Check(name, CheckStatus.Ok, took, well);
        var more = findings.Count > 1 ? $" And {findings.Count - 1} more; 'fleet status' shows them." : "";
        return new Check(
            name, worst.Severity == FindingSeverity.Error ? CheckStatus.Failed : CheckStatus.Warning, took, worst.Sentence + more,
            worst.Advice);
    }

    private static Check WorkersOf(Check check, int active, List<(string Program, string Version, int Count)> versions)
    {
        if (check.Status != CheckStatus.Ok)
            return check;
        if (active == 0)
        {
            return check with
            {
                Status = CheckStatus.Warning,
                Said = "No worker is active: nothing is executed.",
                Advice = "Start a worker.",
            };
        }

        var list = string.Join(", ", versions.Take(MaxVersions).Select(v => $"{v.Program} {v.Version} ×{v.Count}"))
            + (versions.Count > MaxVersions ? ", …" : "");
        var isMixed = versions.GroupBy(v => v.Program, StringComparer.Ordinal).Any(program => program.Count() > 1);
        return isMixed
            ? check with
            {
                Status = CheckStatus.Warning,
                Said = $"{check.Said.TrimEnd('.')}, in several versions of a program: {list}.",
                Advice = "Fine during a deployment. Else restart those of the old version.",
            }
            : check with { Said = $"{check.Said.TrimEnd('.')}: {list}." };
    }

    /// <summary>Those with the most workers, by program.</summary>
    private static List<(string Program, string Version, int Count)> VersionsOf(IReadOnlyList<LiveWorker> workers) =>
    [
        .. workers.CountBy(w => (w.Program, w.Version)).OrderByDescending(g => g.Value).Take(MaxVersions + 1)
            .Select(g => (g.Key.Program, g.Key.Version, Count: g.Value))
            .OrderBy(v => v.Program, StringComparer.Ordinal).ThenBy(v => v.Version, StringComparer.Ordinal),
    ];
}
