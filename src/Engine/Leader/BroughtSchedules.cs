using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Engine.Leader;

/// <summary>The schedules that a program brings along in its code and its configuration. They are checked before the start writes anything,
/// and stored all or none.</summary>
public sealed partial class BroughtSchedules(
    IEnumerable<ScheduleRequest> fromCode, ConfiguredSchedules configured, PutSchedules put, IStorage storage, LeftOverSchedules leftOvers,
    TimeProvider time, ILogger<BroughtSchedules> logger) : IStartCheck
{
    /// <summary>The <see cref="Schedule.Source"/> of schedules that were put from code.</summary>
    public const string Code = "code";

    private readonly HashSet<string> _configured = configured.Requests.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);

    private BroughtSchedule[] All =>
    [
        .. fromCode.Where(r => !_configured.Contains(r.Id)).Select(r => new BroughtSchedule(r, Code)),
        .. configured.Requests.Select(r => new BroughtSchedule(r, ConfiguredSchedules.Source)),
    ];

    public Task CheckAsync(CancellationToken ct) => RefusingAsync(() => put.CheckAllAsync(All, hasDatabase: false, ct));

    public Task CheckStoredAsync(CancellationToken ct) => RefusingAsync(() => put.CheckAllAsync(All, hasDatabase: true, ct));

    /// <summary>Stores the schedules.</summary>
    public Task PutAsync(CancellationToken ct) => RefusingAsync(async () =>
    {
        foreach (var request in fromCode.Where(r => _configured.Contains(r.Id)))
            LogConfigurationWins(request.Id);
        foreach (var (result, row, undone) in await put.ExecuteAllAsync(All, ThisProcess.Program, ct))
        {
            LogPut(row.Id, row.Source, result);
            if (undone is var (by, at))
                LogUndone(row.Id, row.Source, at, by?.ToString() ?? "somebody");
        }
    });

    /// <summary>Warns of schedules that this program once brought and brings no longer: they go on firing. Those of other programs are
    /// theirs. Findings tell of them, too.</summary>
    public async Task TellOfLeftOversAsync(CancellationToken ct)
    {
        await using var db = storage.Read();
        // Not what they are: there may be a hundred thousand. One that is stopped does no harm.
        var rows = await db.Schedules.AsNoTracking()
            .Where(s => (s.Source == Code || s.Source == ConfiguredSchedules.Source) && s.Status != ScheduleStatus.Stopped)
            .OrderBy(s => s.Id).Select(s => new { s.Id, s.Source, s.PutBy, s.UpdatedAt }).ToListAsync(ct);
        var brought = fromCode.Concat(configured.Requests).Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        List<LeftOverSchedule> left =
        [
            .. rows.Where(r => !brought.Contains(r.Id) && r.PutBy is { } by && ThisProcess.IsSameProgram(by))
                .Select(r => new LeftOverSchedule(r.Id, r.PutBy!, r.Source, r.UpdatedAt)),
        ];
        foreach (var schedule in left)
            LogLeftOver(schedule.Id, schedule.By.ToString(), schedule.Source, schedule.PutAt, schedule.Id);
        leftOvers.Set(time.GetUtcNow(), left);
    }

    private static async Task RefusingAsync(Func<Task> part)
    {
        try
        {
            await part();
        }
        catch (BroughtScheduleRefusedException e) when (e.Schedule.Source == ConfiguredSchedules.Source)
        {
            throw ConfiguredSchedules.Refuse(e.Schedule.Request.Id, e.Error);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Schedule {Schedule} goes on firing, although this program no longer defines it: {Actor} had put it from its {Source} at "
            + "{PutAt:O}. Define it again, or delete it with 'fleet schedule delete {Id}', unless another program needs it.")]
    private partial void LogLeftOver(string schedule, string actor, string source, DateTimeOffset putAt, string id);

    [LoggerMessage(Level = LogLevel.Information, Message = "Schedule {Schedule} from {Source}: {Result}.")]
    private partial void LogPut(string schedule, string source, PutResult result);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Schedule {Schedule} is defined in code and in the configuration; the configuration wins.")]
    private partial void LogConfigurationWins(string schedule);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Schedule {Schedule} from {Source} was reset to its definition before {ChangedAt:O}, when {Actor} changed it. "
            + "If programs of two versions run side by side, each start of one undoes the other's change: stop the older one.")]
    private partial void LogUndone(string schedule, string source, DateTimeOffset changedAt, string actor);
}
