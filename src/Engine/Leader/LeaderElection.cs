using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Leader;

/// <summary>Whether this process leads. Renews the lease three times within its life; knows by its own monotonic clock when
/// it must stop believing in it. While another leads, looks often enough that somebody leads again within one lease after a
/// leader died, and within a second after one resigned.</summary>
public sealed partial class LeaderElection(
    LeaderLease lease, IOptions<SchedulerOptions> options, TimeProvider time, ILogger<LeaderElection> logger)
    : BackgroundLoop("leadership", time, logger)
{
    private static readonly TimeSpan LongestPauseOfAStandby = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a leader that stands back leaves the lease to others: a standby looks several times meanwhile.</summary>
    private static readonly TimeSpan StandBackFor = TimeSpan.FromSeconds(1.5);

    private readonly string _owner = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}";
    private volatile Held? _held;
    private long? _stoodBackAt;

    /// <summary>The term while this process leads; null else.</summary>
    public Term? Term => _held is { } held && Time.GetElapsedTime(held.RenewedAt) < Length ? held.Term : null;

    /// <summary>How long the row holds: shorter than the lease, for the time until a standby looks.</summary>
    private TimeSpan Length => options.Value.Lease * 0.9;

    /// <summary>Called when a term begins: the leader's loops start their first pass at once.</summary>
    public Action? Gained { get; set; }

    /// <summary>Gives the lease back; when the database is away, it ends by itself.</summary>
    public async Task ResignAsync()
    {
        if (_held is null)
            return;
        _held = null;
        try
        {
            await lease.ReleaseAsync(_owner, CancellationToken.None);
        }
        catch (Exception e)
        {
            LogNotResigned(e);
        }
    }

    /// <summary>Leaves the lead to another scheduler, if there is one; else this one leads again after a moment.</summary>
    public async Task StandBackAsync()
    {
        _stoodBackAt = Time.GetTimestamp();
        await ResignAsync();
    }

    /// <summary>Takes note that a write was refused.</summary>
    public void Lost(TermLostException e)
    {
        LogLost(e.Message);
        _held = null;
        Wake();
    }

    protected override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        if (_stoodBackAt is { } at && Time.GetElapsedTime(at) < StandBackFor)
            return StandBackFor - Time.GetElapsedTime(at);
        _stoodBackAt = null;
        // Before the request: the lease counts from when the database got it, never later.
        var begun = Time.GetTimestamp();
        var term = await lease.AcquireAsync(_owner, Length, ct);
        var before = _held?.Term;
        _held = term is { } held ? new Held(held, begun) : null;
        if (term is { } gained && gained != before)
        {
            LogLeads(_owner, gained);
            Gained?.Invoke();
        }
        else if (term is null && before is not null)
        {
            LogLost("Another scheduler leads.");
        }

        if (term is not null)
            return options.Value.Lease / 4;
        var pause = options.Value.Lease / 20;
        return pause < LongestPauseOfAStandby ? pause : LongestPauseOfAStandby;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Scheduler {Owner} leads in term {Term}.")]
    private partial void LogLeads(string owner, Term term);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This scheduler is no longer the leader: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease could not be given back; it ends by itself.")]
    private partial void LogNotResigned(Exception e);

    private sealed record Held(Term Term, long RenewedAt);
}
