using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Text;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Workers;

/// <summary>The lanes that this process serves, and with how many slots.</summary>
public sealed class WorkerLanes(IOptions<WorkerOptions> options, JobRegistry registry, ITransport transport)
{
    /// <summary>Slots of a lane whose slots nobody set, at first and while its handlers are long.</summary>
    public const int SlotsAtFirst = 64;

    /// <summary>The most that such a lane has while its handlers are short.</summary>
    public const int MaxSlots = 512;

    /// <summary>The same where one process is the whole fleet: larger claims there hold up those who enqueue.</summary>
    public const int MaxSlotsEmbedded = 256;

    private readonly bool _areSized = options.Value is { Lanes.Count: 0, DefaultSlots: null };

    /// <summary>Lane → slots; those of a lane whose slots nobody set may grow to <see cref="MostOf"/>.</summary>
    public IReadOnlyDictionary<string, int> Slots { get; } = options.Value.Lanes.Count > 0
        ? options.Value.Lanes
        : registry.All.Select(j => j.Lane).Append("default").Distinct(StringComparer.Ordinal)
            .ToDictionary(lane => lane, _ => options.Value.DefaultSlots ?? SlotsAtFirst, StringComparer.Ordinal);

    /// <summary>The most slots that the lane may come to have; as many as it has when somebody set them.</summary>
    public int MostOf(string lane) => _areSized ? transport.ReachesOtherProcesses ? MaxSlots : MaxSlotsEmbedded : Slots[lane];

    /// <summary>Lanes that jobs of this process name and that it does not serve, each with these jobs.</summary>
    public IEnumerable<(string Lane, IEnumerable<string> Jobs)> NotServed => registry.All
        .Where(j => !Slots.ContainsKey(j.Lane)).GroupBy(j => j.Lane, StringComparer.Ordinal)
        .Select(g => (g.Key, g.Select(j => j.Name).Order(StringComparer.Ordinal).AsEnumerable()))
        .OrderBy(l => l.Key, StringComparer.Ordinal);

    /// <summary>Lanes that it serves, that none of its jobs names, and whose names are close to that of a lane that it does not
    /// serve.</summary>
    public IEnumerable<(string Lane, string Nearest)> Doubtful =>
        from lane in Slots.Keys
        where !registry.All.Any(j => j.Lane == lane)
        let nearest = Nearest.To(lane, NotServed.Select(l => l.Lane))
        where nearest is not null
        select (lane, nearest);

    /// <summary>How people call this process.</summary>
    public string WorkerName { get; } = $"{Environment.MachineName}/{Environment.ProcessId}";
}
