using System.Text.Json;
using Fleet.Core.Actors;

namespace Fleet.Core.Storage.Rows;

/// <summary>The id of one worker process, from its start until it is declared gone. A process that was declared gone registers under a new
/// id.</summary>
public readonly record struct WorkerId(Guid Value)
{
    public static WorkerId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    public override string ToString() => Value.ToString("D");
}

/// <summary>The state of a worker.</summary>
public enum WorkerState
{
    Active = 0,

    /// <summary>Takes no new runs and finishes those it holds.</summary>
    Draining = 1,

    /// <summary>Stopped cleanly, died, or was silent for a whole lease. Final: the id is never used again.</summary>
    Gone = 2,
}

/// <summary>What a worker says about one of its lanes with each heartbeat.</summary>
/// <param name="Slots">How many slots the lane has now.</param>
/// <param name="Busy">How many of them execute a run.</param>
/// <param name="Quiet">True: the worker claims nothing of the lane, and no claim is under way.</param>
public readonly record struct LaneLoad(int Slots, int Busy, bool Quiet);

/// <summary>The row in <c>workers</c>.</summary>
public sealed class WorkerRow
{
    public WorkerId Id { get; set; }

    /// <summary>Machine name and process id, for people.</summary>
    public string Name { get; set; } = "";

    /// <summary>See <c>ProcessIdentity</c>.</summary>
    public string ProcessSpace { get; set; } = "";

    public int ProcessId { get; set; }

    public long ProcessStart { get; set; }

    /// <summary>JSON object: lane → slots; <c>{}</c> once the worker drains.</summary>
    public string Lanes { get; set; } = "{}";

    /// <summary>JSON object: job → the version of it that this worker offers.</summary>
    public string Jobs { get; set; } = "{}";

    public WorkerState State { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    /// <summary>Time of the last heartbeat by the database's clock, for people. The leader only checks whether it changes.</summary>
    public DateTimeOffset HeartbeatAt { get; set; }

    /// <summary><see cref="HeartbeatAt"/> plus the length of the lease. The leader takes only the length from it and measures it by its own
    /// monotonic clock (<c>WorkerWatch</c>), so that a clock change cannot end a lease.</summary>
    public DateTimeOffset LeaseUntil { get; set; }

    /// <summary>JSON object: lane → the latest due time that this worker has claimed, in Unix milliseconds. Used by Reconcile.</summary>
    public string ClaimedThrough { get; set; } = "{}";

    /// <summary>JSON object: lane → <see cref="LaneLoad"/>, as of the last heartbeat.</summary>
    public string LaneLoads { get; set; } = "{}";

    /// <summary>Name of the machine, for people.</summary>
    public string Machine { get; set; } = "";

    /// <summary>Name of the program, for people.</summary>
    public string Program { get; set; } = "";

    /// <summary>Version of the program.</summary>
    public string Version { get; set; } = "";

    /// <summary>When somebody asked the worker to take no new runs; null when nobody did. It goes on as <see cref="WorkerState.Active"/>,
    /// because it does not stop.</summary>
    public DateTimeOffset? DrainSince { get; set; }

    public Actor? DrainBy { get; set; }

    /// <summary>Why, in words for people; cut to <see cref="LaneRow.MaxReason"/>.</summary>
    public string? DrainReason { get; set; }

    /// <summary>Lane → slots.</summary>
    public IReadOnlyDictionary<string, int> ReadLanes() => ReadLanes(Lanes);

    /// <summary>Lane → slots, from the column alone.</summary>
    public static IReadOnlyDictionary<string, int> ReadLanes(string lanes) => JsonSerializer.Deserialize<Dictionary<string, int>>(lanes)!;

    /// <summary>The lanes that a worker serves or has served: one that drained has no lanes any more, but it has those from which it
    /// claimed.</summary>
    public static IEnumerable<string> ServedLanes(string lanes, string claimedThrough) =>
        new[] { lanes, claimedThrough }.SelectMany(json => JsonElement.Parse(json).EnumerateObject().Select(m => m.Name));

    /// <summary>Lane → what the worker said about it last.</summary>
    public IReadOnlyDictionary<string, LaneLoad> ReadLaneLoads() =>
        JsonSerializer.Deserialize<Dictionary<string, LaneLoad>>(LaneLoads, JsonSerializerOptions.Web)!;

    /// <summary>The names of the jobs that it knows, in order.</summary>
    public IReadOnlyList<string> ReadJobs() =>
        [.. JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Jobs)!.Keys.Order(StringComparer.Ordinal)];
}
