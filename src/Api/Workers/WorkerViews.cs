using Fleet.Client;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;

namespace Fleet.Api.Workers;

/// <summary>Workers as the API shows them.</summary>
internal static class WorkerViews
{
    /// <summary>Reads an id from a path; null when none is meant.</summary>
    public static WorkerId? ReadId(string text) => Guid.TryParseExact(text, "D", out var id) ? new WorkerId(id) : null;

    /// <summary>A worker with its jobs and runs; null when there is no such worker.</summary>
    public static async Task<WorkerDetailView?> ShowAsync(this GetWorkers get, string text, CancellationToken ct)
    {
        if (ReadId(text) is not { } id || await get.FindAsync(id, ct) is not { } worker)
            return null;
        return worker.Fill(new WorkerDetailView()) with
        {
            Jobs = worker.Row.ReadJobs(),
            Runs =
            [
                .. worker.Runs.Select(run => new WorkerRunView
                {
                    Id = run.Id.ToString(),
                    Job = run.Job,
                    Lane = run.Lane,
                    Attempt = run.Attempt,
                    StartedAt = run.StartedAt,
                }),
            ],
        };
    }

    /// <summary>The members that a list shows, too.</summary>
    public static T Fill<T>(this DescribedWorker worker, T view) where T : WorkerView
    {
        var row = worker.Row;
        return (T)(view with
        {
            Id = row.Id.ToString(),
            Name = row.Name,
            State = worker.State,
            Lanes = row.ReadLanes(),
            Busy = worker.Busy,
            Running = worker.Busy.Values.Sum(),
            Program = row.Program,
            Version = row.Version,
            Machine = row.Machine,
            ProcessId = row.ProcessId,
            StartedAt = row.StartedAt,
            HeartbeatAt = row.HeartbeatAt,
            HeartbeatAge = worker.HeartbeatAge,
            DrainSince = row.DrainSince,
            DrainBy = row.DrainBy?.ToView(),
            DrainReason = row.DrainReason,
        });
    }
}
