using System.Globalization;
using System.Text.Json;

namespace Fleet.Client;

/// <summary>The client for a program that reaches Fleet over HTTP.</summary>
internal sealed class HttpFleetClient(FleetServer server, LiveEventStream events, TimeProvider time) : IFleetClient
{
    public async Task<RunId> EnqueueAsync<TArgs>(TArgs args, EnqueueOptions? options = null, CancellationToken ct = default)
        where TArgs : notnull
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(ToBody(args, options, NewKey(options)), ApiJson.Default.EnqueueBody);
        var answer = await server.PostAsync("runs", body, ApiJson.Default.EnqueuedView, isRepeatable: true, ct);
        return ReadId(answer?.Id);
    }

    public async Task<IReadOnlyList<RunId>> EnqueueManyAsync<TArgs>(
        IReadOnlyList<TArgs> args, EnqueueOptions? options = null, CancellationToken ct = default) where TArgs : notnull
    {
        if (args.Count == 0)
            return [];
        var key = NewKey(options);
        var batch = new EnqueueBatchBody
        {
            Runs = [.. args.Select((a, i) => ToBody(
                a, options, options?.IdempotencyKey is null ? string.Create(CultureInfo.InvariantCulture, $"{key}-{i}") : key))],
        };
        var body = JsonSerializer.SerializeToUtf8Bytes(batch, ApiJson.Default.EnqueueBatchBody);
        var answer = await server.PostAsync("runs/batch", body, ApiJson.Default.EnqueuedBatchView, isRepeatable: true, ct);
        return answer is null ? throw server.Foreign() : [.. answer.Ids.Select(ReadId)];
    }

    public async Task<CancelResult> CancelAsync(RunId runId, string? reason = null, CancellationToken ct = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new CancelBody { Reason = reason }, ApiJson.Default.CancelBody);
        try
        {
            var answer = await server.PostAsync($"runs/{runId}/cancel", body, ApiJson.Default.CanceledView, isRepeatable: true, ct);
            return answer?.Result switch
            {
                null => CancelResult.NotFound,
                "canceled" => CancelResult.Canceled,
                "requested" => CancelResult.Requested,
                _ => throw server.Foreign(),
            };
        }
        catch (FleetServerException e) when (e.Code == "already_ended")
        {
            return CancelResult.AlreadyEnded;
        }
    }

    public async Task<DeleteResult> DeleteAsync(RunId runId, CancellationToken ct = default)
    {
        try
        {
            return await server.DeleteAsync($"runs/{runId}", ct, match: null) ? DeleteResult.Deleted : DeleteResult.NotFound;
        }
        catch (FleetServerException e) when (e.Code == "not_ended")
        {
            return DeleteResult.NotEnded;
        }
    }

    public async Task<RunInfo?> GetAsync(RunId runId, CancellationToken ct = default) =>
        await server.GetAsync($"runs/{runId}", ApiJson.Default.RunDetailView, ct) is { } run ? ToInfo(run) : null;

    public async Task<RunInfo?> WaitAsync(RunId runId, CancellationToken ct = default)
    {
        await using var end = new RunEndSignal(events, runId, time);
        while (true)
        {
            var run = await GetAsync(runId, ct);
            if (run is null or { HasEnded: true })
                return run;
            await end.WaitAsync(ct);
        }
    }

    /// <summary>The caller's key, or a new one: with a key, a request that is repeated because its answer was lost makes one run.</summary>
    private static string NewKey(EnqueueOptions? options) => options?.IdempotencyKey ?? $"client-{Guid.NewGuid():N}";

    private static EnqueueBody ToBody(object args, EnqueueOptions? options, string key)
    {
        if (options?.Transaction is not null)
        {
            throw new NotSupportedException(
                "Over HTTP a run cannot join a transaction: EnqueueOptions.Transaction needs a program that runs Fleet inside.");
        }

        return new EnqueueBody
        {
            Job = JobArgs.NameOf(args.GetType()),
            Args = JsonElement.Parse(JobArgs.Write(args)),
            Lane = options?.Lane,
            Delay = options?.Delay?.ToString("c", CultureInfo.InvariantCulture),
            RunAt = options?.RunAt?.ToString("O", CultureInfo.InvariantCulture),
            Tags = options?.Tags,
            MaxAttempts = options?.MaxAttempts,
            IdempotencyKey = key,
        };
    }

    private RunId ReadId(string? text) => RunId.TryParse(text, out var id) ? id : throw server.Foreign();

    private RunInfo ToInfo(RunDetailView run) => new()
    {
        Id = ReadId(run.Id),
        Job = run.Job,
        Lane = run.Lane,
        State = Enum.TryParse<RunState>(run.State, ignoreCase: true, out var state) ? state : throw server.Foreign(),
        Attempt = run.Attempt,
        CreatedAt = run.CreatedAt,
        DueAt = run.DueAt,
        StartedAt = run.StartedAt,
        FinishedAt = run.FinishedAt,
        Error = run.Error,
        ArgsJson = run.Args?.GetRawText() ?? "{}",
        OutputJson = run.Output is { ValueKind: not JsonValueKind.Null } output ? output.GetRawText() : null,
        Tags = run.Tags,
    };
}
