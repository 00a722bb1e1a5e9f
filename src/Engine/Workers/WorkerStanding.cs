using System.Text.Json;
using Fleet.Core.Storage.Rows;

namespace Fleet.Engine.Workers;

/// <summary>What this worker may take: opens and closes its lanes as the last heartbeat read it, and says what it does.</summary>
public sealed partial class WorkerStanding(ILogger<WorkerStanding> logger)
{
    private readonly Lock _lock = new();
    private LaneSubscription[] _lanes = [];
    private Standing _standing = Standing.Free;

    /// <summary>What each lane of this worker does, for people and for whoever paused one: a JSON object of
    /// <see cref="LaneLoad"/>.</summary>
    public string Describe()
    {
        var lanes = Volatile.Read(ref _lanes);
        if (lanes.Length == 0)
            return "{}";
        var loads = lanes.ToDictionary(
            l => l.Lane,
            l =>
            {
                var (slots, taken) = l.Load;
                return new LaneLoad(slots, taken, l.IsQuiet);
            },
            StringComparer.Ordinal);
        return JsonSerializer.Serialize(loads, JsonSerializerOptions.Web);
    }

    /// <summary>Whether somebody asked this worker to take no new runs.</summary>
    public bool IsDrained => Volatile.Read(ref _standing).IsDrained;

    /// <summary>Whether every lane does what it was told to: those that were closed have no claim under way.</summary>
    public bool IsSettled
    {
        get
        {
            var standing = Volatile.Read(ref _standing);
            return Volatile.Read(ref _lanes).All(l => MayOpen(standing, l.Lane) != l.IsQuiet);
        }
    }

    /// <summary>Takes over the lanes of this worker and opens those that it may take runs of.</summary>
    /// <param name="lanes">The lanes, all closed.</param>
    /// <param name="paused">The lanes that are paused, as just read.</param>
    /// <param name="ct">Cancels the opening.</param>
    public async Task StartAsync(LaneSubscription[] lanes, IEnumerable<string> paused, CancellationToken ct)
    {
        LaneSubscription[] open;
        lock (_lock)
        {
            _standing = new Standing(paused.ToHashSet(StringComparer.Ordinal), _standing.IsDrained);
            Volatile.Write(ref _lanes, lanes);
            open = [.. lanes.Where(l => MayOpen(_standing, l.Lane))];
        }

        foreach (var lane in lanes.Except(open))
            LogPaused(lane.Lane);
        await Task.WhenAll(open.Select(lane => lane.OpenAsync(ct)));
    }

    /// <summary>Opens and closes lanes.</summary>
    /// <returns>True when a lane was opened or closed.</returns>
    public bool Apply(Standing standing)
    {
        lock (_lock)
        {
            _standing = standing;
            var hasChanged = false;
            foreach (var lane in _lanes)
                hasChanged |= lane.Set(MayOpen(standing, lane.Lane));
            return hasChanged;
        }
    }

    private static bool MayOpen(Standing standing, string lane) => !standing.IsDrained && !standing.PausedLanes.Contains(lane);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lane {Lane} is paused: this worker claims none of its runs for now.")]
    private partial void LogPaused(string lane);
}
