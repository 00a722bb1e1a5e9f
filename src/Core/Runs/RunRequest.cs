using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Core.Runs;

/// <summary>What a caller asks for. <see cref="Check"/> refuses what is out of range before anything is stored.</summary>
public sealed record RunRequest
{
    /// <summary>The job's name or one of its aliases.</summary>
    public required string Job { get; init; }

    /// <summary>JSON text, UTF-8 size at most <see cref="RunRules.MaxArgsBytes"/>.</summary>
    public required string Args { get; init; }

    /// <summary>Who enqueues it.</summary>
    public required Actor By { get; init; }

    public EnqueueOptions Options { get; init; } = new();

    public RunId? ParentId { get; init; }

    /// <summary>The schedule that a person triggered by hand.</summary>
    public string? ScheduleId { get; init; }

    /// <summary>The overlap policy of the schedule.</summary>
    public OverlapPolicy Overlap { get; init; }

    /// <summary>W3C trace context of the caller. Null: that of the current activity.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Checks every field.</summary>
    /// <param name="job">The job as the catalog knows it; null: its lane is not checked.</param>
    /// <param name="now">The current time, to check delays and instants.</param>
    /// <returns>The errors of all fields; empty if everything is allowed.</returns>
    public IReadOnlyList<InputError> Check(JobInfo? job, DateTimeOffset now)
    {
        // Most requests have no error, and then nothing is allocated here.
        List<InputError>? errors = null;
        Add(RunRules.CheckArgsSize(Args));
        if ((Options.Lane ?? job?.Lane) is { } lane)
            Add(RunRules.CheckLane(lane) ?? BoundLanes.Refuse(By, lane));
        Add(RunRules.CheckDelay(Options.Delay, Options.RunAt, now));
        Add(RunRules.CheckKey(Options.IdempotencyKey));
        Add(RunRules.CheckTags(Options.Tags));
        Add(RunRules.CheckMaxAttempts(Options.MaxAttempts));
        return errors ?? (IReadOnlyList<InputError>)[];

        void Add(InputError? error)
        {
            if (error is not null)
                (errors ??= []).Add(error);
        }
    }

    /// <summary>The row to store, for a request that passed <see cref="Check"/>.</summary>
    /// <param name="job">The job as the catalog knows it.</param>
    /// <param name="now">When it is accepted.</param>
    /// <param name="nudged">True when the caller publishes the nudge of a run that is due now.</param>
    public NewRun ToNewRun(JobInfo job, DateTimeOffset now, bool nudged)
    {
        var dueAt = Options.Delay is { } delay ? now + delay : Options.RunAt is { } at && at > now ? at.ToUniversalTime() : now;
        return new NewRun
        {
            Id = RunId.New(now),
            Job = job.Name,
            Lane = Options.Lane ?? job.Lane,
            Args = Args,
            CreatedAt = now,
            DueAt = dueAt,
            Staged = nudged && dueAt <= now,
            MaxAttempts = Options.MaxAttempts,
            IdempotencyKey = Options.IdempotencyKey,
            RequestHash = Options.IdempotencyKey is null ? null : Hash(job.Name),
            Tags = Options.Tags is { Count: > 0 } tags ? JsonSerializer.Serialize(tags, FleetJson.Payload) : null,
            TraceParent = TraceParent ?? Activity.Current?.Id,
            EnqueuedBy = By.Kind == ActorKind.Program && ScheduleId is null && By.Via is not { OwnsRuns: true } ? null : By,
            ParentId = ParentId,
            ScheduleId = ScheduleId,
            Overlap = Overlap,
            MayExist = Options.IdempotencyKey is not null,
        };
    }

    /// <summary>The same request gives the same hash; the time of the call is not part of it.</summary>
    private byte[] Hash(string job)
    {
        var text = JsonSerializer.Serialize(
            new object?[] { job, Args, Options.Lane, Options.Delay, Options.RunAt?.ToUniversalTime(), Options.Tags, Options.MaxAttempts },
            FleetJson.Payload);
        return SHA256.HashData(Encoding.UTF8.GetBytes(text))[..16];
    }
}
