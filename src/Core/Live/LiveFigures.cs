using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Live;

/// <summary>What the fleet is doing now. Each number is read from a bounded number of rows.</summary>
public sealed record LiveFigures
{
    /// <summary>When it was read.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Pending runs that are due later.</summary>
    public required CappedCount Scheduled { get; init; }

    /// <summary>Pending runs that are due.</summary>
    public required CappedCount Ready { get; init; }

    public required CappedCount Running { get; init; }

    /// <summary>Runs that failed for good and were not pruned yet.</summary>
    public required CappedCount Failed { get; init; }

    /// <summary>Due time of the run that has been ready for longest; null when none is ready.</summary>
    public required DateTimeOffset? OldestReadyAt { get; init; }

    /// <summary>The lanes, by name.</summary>
    public required IReadOnlyList<LiveLane> Lanes { get; init; }

    /// <summary>The workers that are not gone, by name; at most <see cref="ReadLiveFigures.MaxWorkers"/>.</summary>
    public required IReadOnlyList<LiveWorker> Workers { get; init; }

    /// <summary>The leader; null when nobody leads.</summary>
    public required LiveLeader? Leader { get; init; }
}

/// <summary>What a lane is doing now.</summary>
/// <param name="Name">The lane.</param>
/// <param name="Ready">Pending runs that are due.</param>
/// <param name="Scheduled">Pending runs that are due later.</param>
/// <param name="Running">Runs that execute.</param>
/// <param name="Slots">Slots of its active workers.</param>
/// <param name="OldestReadyAt">Due time of the run that has been ready for longest; null when none is.</param>
/// <param name="Pause">Why nothing is claimed from it; null when it is not paused.</param>
public sealed record LiveLane(
    string Name, CappedCount Ready, CappedCount Scheduled, CappedCount Running, int Slots, DateTimeOffset? OldestReadyAt,
    LanePause? Pause = null);

/// <summary>The pause of a lane.</summary>
/// <param name="Since">Since when.</param>
/// <param name="By">The name of who paused it.</param>
/// <param name="Reason">The reason, in words for people.</param>
public sealed record LanePause(DateTimeOffset Since, string? By, string? Reason);

/// <summary>A worker that is not gone.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Machine and process.</param>
/// <param name="State">Active or draining.</param>
/// <param name="Lanes">Lane → slots.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="HeartbeatAt">Its last heartbeat, by the database's clock.</param>
/// <param name="LeaseUntil">When its lease ends without another heartbeat.</param>
/// <param name="DrainSince">Since when it takes no new runs because somebody asked it to; null when nobody did.</param>
/// <param name="Program">The name of its program.</param>
/// <param name="Version">The version of its program; empty when it is not known.</param>
public sealed record LiveWorker(
    WorkerId Id, string Name, WorkerState State, IReadOnlyDictionary<string, int> Lanes, DateTimeOffset StartedAt,
    DateTimeOffset HeartbeatAt, DateTimeOffset LeaseUntil, DateTimeOffset? DrainSince = null, string Program = "", string Version = "");

/// <summary>Who leads.</summary>
/// <param name="Name">Machine and process.</param>
/// <param name="Term">The number of the leadership.</param>
/// <param name="Until">When the lease ends unless it is renewed, by the database's clock.</param>
public sealed record LiveLeader(string Name, long Term, DateTimeOffset Until);
